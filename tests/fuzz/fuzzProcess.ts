import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Collector, messageSchema, type FuzzReport } from './collector';

/** No answer for so long is a hang: some thousand times what a case takes, with room for a machine that is busy with other things. */
const STALL_MS = 300_000;
/** V8's heap, a hard limit; buffers lie outside of it and are watched by size. */
const HEAP_MIB = 512;
const MAX_FINDINGS = 20;

/** How a process left off; without a fault it was worn out, and another goes on. */
interface Ended {
  readonly done: boolean;
  readonly fault: string | null;
}

/** Runs cases in a process of its own, which is ended where it stalls, and started again behind the case that ended it. */
export class FuzzProcess {
  private child: ChildProcess | null = null;
  private errors = '';

  /** @param bundle the built `child.ts`. */
  constructor(private readonly bundle: string) {}

  /** The cases `from` to `to` of a parser. */
  async run(parser: string, from: number, to: number): Promise<FuzzReport> {
    const collector = new Collector(parser, from);
    while (collector.next < to && collector.findings.length < MAX_FINDINGS) {
      const { done, fault } = await this.ask(collector, to);
      if (done) break;
      this.child = null;
      if (fault !== null) collector.found(fault);
    }
    return collector;
  }

  /** Ends the process. */
  close(): void {
    this.child?.kill();
    this.child = null;
  }

  /** Has the process go on with a parser's cases, until they are done or it ends. */
  private ask(collector: Collector, to: number): Promise<Ended> {
    const child = (this.child ??= this.start());
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error('The process has no pipes.');
    return new Promise((done, failed) => {
      let stalled = false;
      const kill = (): void => {
        stalled = true;
        child.kill('SIGKILL');
      };
      let timer = setTimeout(kill, STALL_MS);
      const lines = createInterface({ input: stdout });
      const finish = (ended: Ended): void => {
        clearTimeout(timer);
        lines.close();
        child.removeAllListeners();
        done(ended);
      };
      lines.on('line', (line) => {
        clearTimeout(timer);
        timer = setTimeout(kill, STALL_MS);
        if (!line.startsWith('{')) return;
        const message = messageSchema.parse(JSON.parse(line));
        collector.take(message);
        if (message.done !== undefined) finish({ done: true, fault: null });
      });
      child.on('error', failed);
      child.on('close', (code, signal) => {
        const status = code ?? signal ?? 'nothing';
        const died = status === 0 ? null : `the process ended with ${status}: ${this.errors.slice(-1500)}`;
        finish({ done: false, fault: stalled ? `no answer within ${STALL_MS / 1000} s` : died });
      });
      stdin.write(`${JSON.stringify({ parser: collector.parser, from: collector.next, to })}\n`);
    });
  }

  private start(): ChildProcess {
    const limits = [`--max-old-space-size=${HEAP_MIB}`, '--max-semi-space-size=4', '--expose-gc'];
    const child = spawn(process.execPath, [...limits, this.bundle], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      // A test runner's own options are none of the child's.
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.errors = '';
    child.stderr.on('data', (part: Buffer) => (this.errors = (this.errors + part.toString()).slice(-10_000)));
    return child;
  }
}
