import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { MemoryWatch } from './watch';

// The process that reads damaged files, so that one that hangs or takes too much memory harms nobody: `FuzzProcess` starts it, reads
// what it says and ends it where it is silent. Each line it is given asks for cases: `{"parser", "from", "to"}`. The numbers of files
// made by hand are negative.

/** Written at once, as a hang gives no second chance; a pipe that is full is tried again. */
function say(message: object): void {
  const line = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < line.length;) {
    try {
      at += writeSync(1, line, at);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(PAUSE, 0, 0, 5);
    }
  }
}
/** After a reading that took so much the next one's share could not be told. */
const FRESH_ABOVE_BYTES = 64 * 2 ** 20;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

// Before the parsers, and what they use, take the constructors for themselves.
const watch = new MemoryWatch();
const { fuzzCase, parserNamed, warmUp } = await import('./cases');

for await (const line of createInterface({ input: process.stdin })) {
  const { parser: name, from, to } = JSON.parse(line) as { parser: string; from: number; to: number };
  const parser = parserNamed(name);
  await warmUp(parser);
  watch.settle();
  for (let id = Math.max(from, -(parser.hostile?.length ?? 0)); id < to; id++) {
    const { what, capBytes, read } = await fuzzCase(parser, id);
    say({ begun: id, what, capBytes });
    // What making the files took is none of the parser's.
    await watch.begin(capBytes);
    const outcome = await read();
    const peak = watch.end();
    // Another process goes on from here: with a library that still reads, or without this case's memory, which V8 gives back late.
    if (outcome.worn) process.exit(0);
    say({ ended: id, ...outcome, ...peak });
    if (peak.residentBytes > FRESH_ABOVE_BYTES) process.exit(0);
  }
  say({ done: name });
}
process.exit(0);
