import { StudioError } from '../../protocol/errors';

/** @throws StudioError `aborted` once `signal` has fired. */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new StudioError('aborted', 'The benchmark was stopped.');
}
