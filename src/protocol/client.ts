import type { Params, RequestName, Result, WorkerEvent } from './messages';

/** The page's view of the worker; the app owns the real one, tests bring their own. */
export interface StudioClient {
  /**
   * Sends one request and resolves with its answer. `onProgress` hears the request's own progress events.
   * @throws StudioError whatever the worker threw, code and all; `worker/crashed` when the worker died under it.
   */
  call<N extends RequestName>(
    name: N,
    params: Params<N>,
    options?: { readonly onProgress?: (done: number, total: number | null, note: string) => void },
  ): Promise<Result<N>>;
  /** Hears every event; returns the unsubscribe function. */
  subscribe(listener: (event: WorkerEvent) => void): () => void;
  /** Ends the worker and starts a new one (after a lost device or a crash). Pending calls fail with `worker/crashed`. */
  restart(): void;
}
