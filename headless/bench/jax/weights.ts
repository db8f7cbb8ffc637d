import type { StateDict } from '../../../src/formats/models/stateDict';
import { BATCH_NORM_EPSILON } from '../../../src/compute/nn/initialise';
import { elementCount, type NetworkTrace } from '../../../src/compute/nn/trace';

/** Values in PyTorch's order (OIHW, [out, in]) with their shape. */
export interface HostTensor {
  readonly values: Float32Array<ArrayBuffer>;
  readonly shape: number[];
}

/**
 * The weights of a frozen network with batch-norm folded in: `<conv>.weight` and `<conv>.bias` for every convolution,
 * `<linear>.weight` and `.bias`.
 */
export function foldedWeights(trace: NetworkTrace, state: StateDict): Map<string, HostTensor> {
  const folded = new Map<string, HostTensor>();
  let norms = 0;
  for (const spec of trace.tensors) {
    if (spec.role !== 'conv-weight' && spec.role !== 'linear-weight') continue;
    const key = spec.name.slice(0, -'.weight'.length);
    const values = new Float32Array(state.get(spec.name)?.data ?? []);
    const outputs = spec.shape[0] ?? 0;
    const each = values.length / outputs;
    const at = (name: string, i: number): number => Number(state.get(name)?.data[i] ?? 0);
    // A layer's own tensors follow each other in the trace, so the norms come in the order of their convolutions.
    const norm = spec.role === 'conv-weight' ? trace.norms[norms++] : undefined;
    const bias = Float32Array.from({ length: outputs }, (_, o) => {
      const own = at(`${key}.bias`, o);
      if (!norm) return own;
      const scale =
        at(`${norm.normKey}.weight`, o) /
        Math.sqrt(at(`${norm.normKey}.running_var`, o) + BATCH_NORM_EPSILON);
      for (let i = o * each; i < (o + 1) * each; i++) values[i] = (values[i] ?? 0) * scale;
      return (own - at(`${norm.normKey}.running_mean`, o)) * scale + at(`${norm.normKey}.bias`, o);
    });
    folded.set(`${key}.weight`, { values, shape: [...spec.shape] });
    folded.set(`${key}.bias`, { values: bias, shape: [outputs] });
  }
  return folded;
}

/**
 * What the transform learns, without the convolution biases in front of batch-norm, which cancel: their gradient is zero, and
 * the peer is spared them.
 */
export function learnedWeights(trace: NetworkTrace, state: StateDict): Map<string, HostTensor> {
  const cancelled = new Set(trace.norms.map((norm) => norm.biasKey));
  const learned = new Map<string, HostTensor>();
  for (const { name, role, shape } of trace.tensors) {
    if (role === 'running-mean' || role === 'running-variance' || role === 'batches-tracked') continue;
    if (cancelled.has(name)) continue;
    const values = new Float32Array(state.get(name)?.data ?? new Float32Array(elementCount(shape)));
    learned.set(name, { values, shape: [...shape] });
  }
  return learned;
}

/** Bilinear interpolation of `size` values to twice as many with align_corners, [2 * size, size]. */
export function upsampleMatrix(size: number): HostTensor {
  const values = new Float32Array(2 * size * size);
  for (let to = 0; to < 2 * size; to++) {
    const from = size === 1 ? 0 : (to * (size - 1)) / (2 * size - 1);
    const low = Math.min(Math.floor(from), size - 1);
    const high = Math.min(low + 1, size - 1);
    const share = from - low;
    values[to * size + low] = (values[to * size + low] ?? 0) + 1 - share;
    values[to * size + high] = (values[to * size + high] ?? 0) + share;
  }
  return { values, shape: [2 * size, size] };
}

/** Row i is 1 at column inverse[i], [K, K]: onehot(label) times it is the victim's own class for the label. */
export function inverseMatrix(inverse: readonly number[]): HostTensor {
  const size = inverse.length;
  const values = new Float32Array(size * size);
  inverse.forEach((to, from) => {
    values[from * size + to] = 1;
  });
  return { values, shape: [size, size] };
}

/** [N, H, W, 3] to [N, 3, H, W], normalised by channel. */
export function planarNormalized(
  pixels: Float32Array,
  batch: number,
  area: number,
  mean: readonly number[],
  std: readonly number[],
): Float32Array<ArrayBuffer> {
  const planar = new Float32Array(pixels.length);
  for (let n = 0; n < batch; n++)
    for (let p = 0; p < area; p++)
      for (let c = 0; c < 3; c++)
        planar[(n * 3 + c) * area + p] =
          ((pixels[(n * area + p) * 3 + c] ?? 0) - (mean[c] ?? 0)) / (std[c] ?? 1);
  return planar;
}
