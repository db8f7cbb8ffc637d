import type { WireError } from '../protocol/errors';

/** How far a request has come, as it says itself. */
export interface LoadProgress {
  readonly done: number;
  readonly total: number | null;
  readonly note: string;
}

/** The state of a panel that waits for one answer. What was ready stays in its own field while this changes. */
export type Loading =
  | { readonly kind: 'idle' }
  | { readonly kind: 'loading'; readonly progress: LoadProgress | null; readonly subject: string | null }
  | { readonly kind: 'failed'; readonly error: WireError };

export const IDLE: Loading = { kind: 'idle' };
