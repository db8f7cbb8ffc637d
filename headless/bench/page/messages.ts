import type { BenchRequest } from '../../../src/compute/bench/runBench';
import type { TileRequest } from '../../../src/compute/bench/tiles';

/** What the page asks of its worker. */
export interface PageRequest extends BenchRequest {
  readonly tile: TileRequest;
  readonly jax: boolean;
  readonly byKernel: boolean;
  readonly markdown: boolean;
}

/** What the worker says: any number of lines, then the report or why there is none. */
export type WorkerMessage =
  | { readonly kind: 'line'; readonly text: string }
  | { readonly kind: 'report'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string };
