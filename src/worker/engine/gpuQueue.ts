import { StudioError } from '../../protocol/errors';

/** The device's one line: jobs run one after the other, in the order they were asked for. */
export interface GpuQueue {
  /**
   * Runs `job` when all before it are done. A job whose `signal` fires while it waits is never started.
   * @throws whatever the job throws; StudioError `aborted` for a job that never started.
   */
  run<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Jobs waiting or running. */
  readonly length: number;
}

/**
 * A serial queue. Training takes its place in it once a step, so that a grid or an evaluation asked for during a run is
 * done between two steps; what only reads summaries does not come here at all.
 */
export function createGpuQueue(): GpuQueue {
  let tail: Promise<unknown> = Promise.resolve();
  let length = 0;
  return {
    get length() {
      return length;
    },
    run<T>(job: () => Promise<T>, signal?: AbortSignal): Promise<T> {
      length += 1;
      const turn = tail.then(async () => {
        if (signal?.aborted) throw new StudioError('aborted', 'Stopped before it began.');
        return job();
      });
      tail = turn.then(
        () => {
          length -= 1;
        },
        () => {
          length -= 1;
        },
      );
      return turn;
    },
  };
}
