import type { StudioClient } from '../../protocol/client';
import { asStudioError, toWireError, type WireError } from '../../protocol/errors';
import type { Params, RequestName, Result } from '../../protocol/messages';
import type { LoadProgress, Loading } from '../../state/loading';
import { notifyError } from '../../state/noticeStore';

/** What a command works with. */
export interface StudioContext {
  readonly client: StudioClient;
  /** Saves bytes as a file of the person's. */
  readonly save: (name: string, bytes: BlobPart) => void;
  readonly clipboard: { write(text: string): Promise<void>; read(): Promise<string> };
}

/** Where a tracked request shows how far it has come. */
export interface Tracking {
  readonly subject?: string;
  readonly set: (loading: Loading) => void;
}

/**
 * Sends a request and keeps a panel's `Loading` up to date while it runs. A failure is kept there and told as a notice.
 * @returns the answer, or null after a failure.
 */
export async function track<N extends RequestName>(
  context: StudioContext,
  name: N,
  params: Params<N>,
  { subject, set }: Tracking,
): Promise<Result<N> | null> {
  const loading = (progress: LoadProgress | null) =>
    set({ kind: 'loading', progress, subject: subject ?? null });
  loading(null);
  try {
    const result = await context.client.call(name, params, {
      onProgress: (done, total, note) => loading({ done, total, note }),
    });
    set({ kind: 'idle' });
    return result;
  } catch (thrown) {
    const error = wireError(thrown);
    set(error.code === 'aborted' ? { kind: 'idle' } : { kind: 'failed', error });
    notifyError(error);
    return null;
  }
}

/** Sends a request; a failure becomes a notice and null. */
export async function ask<N extends RequestName>(
  context: StudioContext,
  name: N,
  params: Params<N>,
): Promise<Result<N> | null> {
  try {
    return await context.client.call(name, params);
  } catch (thrown) {
    notifyError(wireError(thrown));
    return null;
  }
}

export function wireError(thrown: unknown): WireError {
  return toWireError(asStudioError(thrown));
}
