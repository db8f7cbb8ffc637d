import type { TensorSpec, TracedLayer } from '../trace';
import { convTensors, layerNormTensors } from './layerTensors';
import type { TokenOps } from './tokenOps';

/** What the tracing interpreter offers to the layers of transformers. */
export interface TraceContext<T extends { readonly shape: readonly number[] }> {
  /** A new value and the layer that makes it. `macs` are its multiply-accumulates. */
  add(shape: readonly number[], layer: Omit<TracedLayer, 'outputShape' | 'parameters'>, made: Made): T;
}

interface Made {
  readonly tensors?: readonly TensorSpec[];
  readonly macs?: number;
}

/** The token layers over shapes. */
export function traceTokenOps<T extends { readonly shape: readonly number[] }>(
  context: TraceContext<T>,
): TokenOps<T> {
  const add = (shape: readonly number[], name: string, kind: string, made: Made = {}): T =>
    context.add(shape, { name, kind }, made);
  return {
    parameter: (name, shape, init) =>
      add(shape, name, 'Parameter', { tensors: [{ name, shape, role: 'parameter', fanIn: 0, init }] }),
    layerNorm: (x, key) =>
      add(x.shape, key, 'LayerNorm', { tensors: layerNormTensors(key, x.shape.at(-1) ?? 0) }),
    patches: (x, size) => {
      const [height = 0, width = 0, channels = 0] = x.shape;
      const tokens = Math.floor(height / size) * Math.floor(width / size);
      return add([tokens, size * size * channels], '', `Patches ${size}×${size}`);
    },
    patchEmbedding: (x, key, { size, features, init }) => {
      const [height = 0, width = 0, channels = 0] = x.shape;
      const tokens = Math.floor(height / size) * Math.floor(width / size);
      const spec = { filters: features, kernel: size, stride: 1, pad: 0, bias: true } as const;
      return add([tokens, features], key, `Conv ${size}×${size}, stride ${size}`, {
        tensors: convTensors(key, init === undefined ? spec : { ...spec, init }, channels, 'patch-weight'),
        macs: tokens * size * size * channels * features,
      });
    },
    shift: (x) => add(x.shape, '', 'Shift'),
    prepend: (x) => {
      const [tokens = 0, features = 0] = x.shape;
      return add([tokens + 1, features], '', 'Class token in front');
    },
    first: (x) => add([x.shape[1] ?? 0], '', 'Class token'),
    attention: (qkv, { heads }) => {
      const [tokens = 0, threefold = 0] = qkv.shape;
      if (threefold % (3 * heads) !== 0)
        throw new Error(`${threefold} features do not divide into 3 × ${heads} heads.`);
      const features = threefold / 3;
      const kind = `Attention, ${heads} ${heads === 1 ? 'head' : 'heads'}`;
      return add([tokens, features], '', kind, { macs: 2 * tokens * tokens * features });
    },
  };
}
