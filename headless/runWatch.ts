import { fromWireError } from '../src/protocol/errors';
import type { RunProgress, WorkerEvent } from '../src/protocol/messages';
import type { RunResults } from '../src/protocol/results';
import { type Deferred, deferred } from './deferred';

const LINE_EVERY_MS = 10_000;

/** Follows an engine's events: the end of the run under way, and a line for whoever watches. */
export class RunWatch {
  /** Steps of the run under way. */
  step = 0;
  private ended: Deferred<RunResults> = quiet();
  private readonly report: (event: WorkerEvent) => void;

  constructor(log: (line: string) => void) {
    this.report = reporter(log);
  }

  readonly take = (event: WorkerEvent): void => {
    this.report(event);
    if (event.kind === 'run/progress') this.step = event.progress.step;
    if (event.kind === 'run/finished') this.ended.resolve(event.results);
    if (event.kind === 'run/failed' || event.kind === 'device/error' || event.kind === 'device/lost') {
      this.ended.reject(fromWireError(event.error));
    }
  };

  /** How the next run ends; ask before it is started. Rejects with what ended it. */
  next(): Promise<RunResults> {
    this.ended = quiet();
    this.step = 0;
    return this.ended.promise;
  }
}

/** Whoever awaits hears of a failure; before that it must not count as unhandled. */
function quiet(): Deferred<RunResults> {
  const made = deferred<RunResults>();
  made.promise.catch(() => undefined);
  return made;
}

/** Resolves with null at the first SIGINT or SIGTERM; a second one ends the process as ever. */
export function onInterrupt(): { readonly signalled: Promise<null>; readonly dispose: () => void } {
  const { promise, resolve } = deferred<null>();
  const listener = () => resolve(null);
  process.once('SIGINT', listener);
  process.once('SIGTERM', listener);
  return {
    signalled: promise,
    dispose() {
      process.removeListener('SIGINT', listener);
      process.removeListener('SIGTERM', listener);
    },
  };
}

/** Turns events into lines: every change of phase, every evaluation, and progress every ten seconds. */
function reporter(log: (line: string) => void): (event: WorkerEvent) => void {
  let phase: RunProgress['phase'] | null = null;
  let loss: number | null = null;
  let lastLine = 0;
  return (event) => {
    if (event.kind === 'run/metrics') loss = event.rows.at(-1)?.loss ?? loss;
    if (event.kind === 'run/evaluation') {
      const { benignAccuracy, attackSuccessRate } = event.point.evaluation;
      const percent = (value: { rate: number } | null) =>
        value ? `${(100 * value.rate).toFixed(2)} %` : 'unknown';
      log(
        `step ${event.point.step}, ${event.when}: BA ${percent(benignAccuracy)}, ASR ${percent(attackSuccessRate)}`,
      );
    }
    if (event.kind !== 'run/progress') return;
    const { progress } = event;
    const now = performance.now();
    if (progress.phase === phase && (progress.phase !== 'training' || now - lastLine < LINE_EVERY_MS)) return;
    phase = progress.phase;
    lastLine = now;
    // The next run's: the last one's loss is not its.
    if (phase === 'preparing') loss = null;
    const left = progress.secondsLeft === null ? '' : `, ${Math.ceil(progress.secondsLeft)} s left`;
    const pace = progress.stepsPerSecond > 0 ? `, ${(1 / progress.stepsPerSecond).toFixed(2)} s a step` : '';
    log(
      progress.phase === 'training' && progress.step > 0
        ? `step ${progress.step} of ${progress.totalSteps}${loss === null ? '' : `: loss ${loss.toFixed(4)}`}${pace}${left}`
        : progress.phase,
    );
  };
}
