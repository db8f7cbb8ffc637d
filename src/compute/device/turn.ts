/**
 * Runs a job when the device is free for it: long work asks for one turn after the other, so that shorter work is done in between, and
 * so that whoever gives the turns can make it wait or call it off. @throws what the job throws, and what ends the waiting.
 */
export type Turn = <T>(job: () => Promise<T>) => Promise<T>;

/** The turn of those who have the device for themselves. */
export const atOnce: Turn = (job) => job();

/** How work of many turns comes to the device, reports on itself and is called off. */
export interface Work {
  /** Not to be asked for by a job that has its turn already. */
  readonly turn: Turn;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}
