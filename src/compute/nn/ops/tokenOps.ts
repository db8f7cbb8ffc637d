import type { TensorInit } from './weightInit';

/** What one attention layer is told. */
export interface AttentionSpec<T> {
  readonly heads: number;
  /** A learned scalar whose exponential scales the scores; null for 1 / sqrt(head size). */
  readonly logScale: T | null;
  /** Locality attention: a token does not attend to itself. */
  readonly excludeSelf: boolean;
}

/**
 * The layers that transformers have beside the linear ones, over the same value type as `LayerOps`. Tokens are
 * `[N, tokens, features]`; a traced shape leaves the N out.
 */
export interface TokenOps<T> {
  /** A learned tensor that belongs to no layer, in PyTorch's shape. */
  parameter(name: string, shape: readonly number[], init: TensorInit): T;
  /** Normalises the last axis; weights `<key>.weight`, `<key>.bias`. */
  layerNorm(x: T, key: string, epsilon: number): T;
  /** `[N, H, W, C]` to `[N, H/size · W/size, size · size · C]`: row, column, channel within a patch. */
  patches(x: T, size: number): T;
  /**
   * A convolution whose stride is its kernel, with its output as tokens in row order; weights `<key>.weight` (OIHW on
   * disk), `<key>.bias`. The weight's start is U(±1/sqrt(fan in)) where `init` is absent.
   */
  patchEmbedding(x: T, key: string, spec: PatchSpec): T;
  /** An image moved by whole pixels, zeros coming in. */
  shift(x: T, down: number, right: number): T;
  /** Puts a learned token [1, 1, D] in front of every image's tokens. */
  prepend(x: T, token: T): T;
  /** The first token of every image, `[N, D]`. */
  first(x: T): T;
  /** Multi-head attention of queries, keys and values that lie side by side: `[N, tokens, 3 D]` to `[N, tokens, D]`. */
  attention(qkv: T, spec: AttentionSpec<T>): T;
}

/** Options of a patch embedding. */
export interface PatchSpec {
  readonly size: number;
  readonly features: number;
  readonly init?: { readonly weight?: TensorInit; readonly bias?: TensorInit };
}
