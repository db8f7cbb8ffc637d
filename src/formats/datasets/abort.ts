import { StudioError } from '../../protocol/errors';

/** @throws StudioError `aborted` once the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new StudioError('aborted', 'Opening the data set was stopped.');
}
