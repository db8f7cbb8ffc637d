import type { Activation, BoundNetwork, ConvSpec, LayerOps, LinearSpec } from './network';
import { convTensors, linearTensors, normTensors } from './ops/layerTensors';
import type { TokenOps } from './ops/tokenOps';
import { traceTokenOps } from './ops/traceTokens';
import type { TensorInit } from './ops/weightInit';

/** What one tensor of a state_dict is to its layer. */
export type TensorRole =
  | 'conv-weight'
  | 'depthwise-weight'
  | 'patch-weight'
  | 'linear-weight'
  | 'parameter'
  | 'bias'
  | 'norm-weight'
  | 'norm-bias'
  | 'running-mean'
  | 'running-variance'
  | 'batches-tracked';

/** One tensor that a network's state_dict holds. */
export interface TensorSpec {
  /** PyTorch's key. */
  readonly name: string;
  /** As PyTorch has it: OIHW, [out, in], [C], or [] for a counter. */
  readonly shape: readonly number[];
  readonly role: TensorRole;
  /** Inputs of one output unit of the layer the tensor belongs to; 0 for normalisation layers. Initialisers need it. */
  readonly fanIn: number;
  /** How training starts, where it is not the role's default. */
  readonly init?: TensorInit;
}

/** One batch-norm layer and the convolution in front of it, if there is one. */
export interface NormSpec {
  readonly normKey: string;
  /** Null for a batch-norm by itself. */
  readonly convKey: string | null;
  /** Key of the convolution's bias, or null where it has none. */
  readonly biasKey: string | null;
  readonly channels: number;
}

/** One row of the layer list. */
export interface TracedLayer {
  /** The module's key, or "" for a layer without weights. */
  readonly name: string;
  readonly kind: string;
  /** [H, W, C] or [F]. */
  readonly outputShape: readonly number[];
  /** Learned numbers; buffers are not counted. */
  readonly parameters: number;
}

/** What a definition is made of, found without touching a device. */
export interface NetworkTrace {
  /** In the order of PyTorch's state_dict. */
  readonly tensors: readonly TensorSpec[];
  /** In the same order. */
  readonly norms: readonly NormSpec[];
  readonly layers: readonly TracedLayer[];
  /** Learned numbers in all. */
  readonly parameters: number;
  /** Multiply-accumulates of convolutions and linear layers, for one image of the bound input shape. */
  readonly macs: number;
  readonly outputShape: readonly number[];
  readonly featureShape: readonly number[] | null;
}

interface Entry {
  readonly key: string;
  readonly tensors: readonly TensorSpec[];
  readonly norm: NormSpec | null;
  readonly layers: readonly TracedLayer[];
}

interface Traced {
  readonly shape: readonly number[];
  /** The entry that made this value. */
  readonly from: Entry | null;
}

/** Whether a tensor of this role is learned (PyTorch's `parameters()`), not a buffer. */
export function isParameter(role: TensorRole): boolean {
  return role !== 'running-mean' && role !== 'running-variance' && role !== 'batches-tracked';
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function image(value: Traced): [number, number, number] {
  const [height, width, channels] = value.shape;
  if (height === undefined || width === undefined || channels === undefined) {
    throw new Error(`An image was expected where the definition gives [${value.shape.join(', ')}].`);
  }
  return [height, width, channels];
}

function countParameters(tensors: readonly TensorSpec[]): number {
  return tensors.reduce((sum, { role, shape }) => sum + (isParameter(role) ? elementCount(shape) : 0), 0);
}

/** The interpreter whose values are shapes. */
class TraceOps implements LayerOps<Traced> {
  readonly entries: Entry[] = [];
  macs = 0;
  readonly tokens: TokenOps<Traced> = traceTokenOps({
    add: (shape, layer, { tensors = [], macs = 0 }) => {
      this.macs += macs;
      const layers = [{ ...layer, outputShape: shape, parameters: countParameters(tensors) }];
      return this.record(shape, { key: layer.name, tensors, norm: null, layers });
    },
  });

  conv(x: Traced, key: string, spec: ConvSpec): Traced {
    const shape = this.convShape(x, spec);
    const tensors = convTensors(key, spec, image(x)[2]);
    return this.record(shape, {
      key,
      tensors,
      norm: null,
      layers: [this.convLayer(key, spec, shape, tensors)],
    });
  }

  convNorm(
    x: Traced,
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: Traced },
  ): Traced {
    const shape = this.convShape(x, spec);
    const conv = convTensors(convKey, spec, image(x)[2]);
    const norm = normTensors(normKey, spec.filters);
    const suffix = (then.residual === undefined ? '' : ' + shortcut') + (then.relu ? ' + ReLU' : '');
    const { residual } = then;
    if (residual !== undefined && residual.shape.join() !== shape.join()) {
      throw new Error(
        `${convKey} gives [${shape.join(', ')}] but its shortcut [${residual.shape.join(', ')}].`,
      );
    }
    const value = this.record(shape, {
      key: convKey,
      tensors: [...conv, ...norm],
      norm: { normKey, convKey, biasKey: spec.bias ? `${convKey}.bias` : null, channels: spec.filters },
      layers: [
        this.convLayer(convKey, spec, shape, conv),
        {
          name: normKey,
          kind: `BatchNorm${suffix}`,
          outputShape: shape,
          parameters: countParameters(norm),
        },
      ],
    });
    this.moveShortcutBehind(convKey, residual?.from ?? null);
    return value;
  }

  concatConvNorm(
    parts: readonly [Traced, Traced],
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: Traced },
  ): Traced {
    return this.convNorm(this.concat(parts), convKey, normKey, spec, then);
  }

  norm(x: Traced, key: string, relu: boolean): Traced {
    const channels = image(x)[2];
    const tensors = normTensors(key, channels);
    const parameters = countParameters(tensors);
    const layers = [
      { name: key, kind: `BatchNorm${relu ? ' + ReLU' : ''}`, outputShape: x.shape, parameters },
    ];
    const norm = { normKey: key, convKey: null, biasKey: null, channels };
    return this.record(x.shape, { key, tensors, norm, layers });
  }

  linear(x: Traced, key: string, features: number, spec?: LinearSpec): Traced {
    const inputs = x.shape.at(-1) ?? 0;
    const tensors = linearTensors(key, inputs, features, spec);
    const shape = [...x.shape.slice(0, -1), features];
    this.macs += elementCount(x.shape) * features;
    const layers = [{ name: key, kind: 'Linear', outputShape: shape, parameters: countParameters(tensors) }];
    return this.record(shape, { key, tensors, norm: null, layers });
  }

  activation(x: Traced, kind: Activation): Traced {
    return this.weightless(x.shape, { relu: 'ReLU', relu6: 'ReLU6', gelu: 'GELU' }[kind]);
  }

  add(a: Traced, b: Traced): Traced {
    const wanted = a.shape.join();
    if (b.shape.join() !== wanted && b.shape.join() !== `1,${wanted}`) {
      throw new Error(`[${b.shape.join(', ')}] cannot be added to [${a.shape.join(', ')}].`);
    }
    return this.weightless(a.shape, 'Sum');
  }

  maxPool(x: Traced, size: number, stride: number, pad = 0): Traced {
    return this.pooled(x, size, stride, pad, `MaxPool ${size}×${size}`);
  }

  averagePool(x: Traced, size: number, stride: number): Traced {
    return this.pooled(x, size, stride, 0, `Average pool ${size}×${size}`);
  }

  adaptiveAveragePool(x: Traced, height: number, width: number): Traced {
    return this.weightless([height, width, image(x)[2]], `Average pool to ${height}×${width}`);
  }

  flatten(x: Traced): Traced {
    return this.weightless([elementCount(image(x))], 'Flatten');
  }

  dropout(x: Traced, rate: number): Traced {
    return this.weightless(x.shape, `Dropout ${rate}`);
  }

  globalAveragePool(x: Traced): Traced {
    return this.weightless([image(x)[2]], 'Global average pool');
  }

  upsample2x(x: Traced): Traced {
    const [height, width, channels] = image(x);
    return this.weightless([2 * height, 2 * width, channels], 'Bilinear ×2');
  }

  padTo(x: Traced, like: Traced): Traced {
    const [height, width] = image(like);
    const [ownHeight, ownWidth, channels] = image(x);
    if (ownHeight === height && ownWidth === width) return x;
    return this.weightless([height, width, channels], 'Zero pad');
  }

  concat(parts: readonly Traced[]): Traced {
    const [first] = parts;
    if (first === undefined) throw new Error('Nothing to concatenate.');
    const [height, width] = image(first);
    const channels = parts.reduce((sum, part) => sum + image(part)[2], 0);
    return this.weightless([height, width, channels], 'Concat');
  }

  private pooled(x: Traced, size: number, stride: number, pad: number, kind: string): Traced {
    const [height, width, channels] = image(x);
    const out = (n: number): number => Math.floor((n + 2 * pad - size) / stride) + 1;
    return this.weightless([out(height), out(width), channels], kind);
  }

  private convShape(x: Traced, spec: ConvSpec): number[] {
    const [height, width, inputs] = image(x);
    const out = (n: number): number => Math.floor((n + 2 * spec.pad - spec.kernel) / spec.stride) + 1;
    const shape = [out(height), out(width), spec.filters];
    this.macs += elementCount(shape) * (inputs / (spec.groups ?? 1)) * spec.kernel * spec.kernel;
    return shape;
  }

  private convLayer(
    name: string,
    spec: ConvSpec,
    outputShape: readonly number[],
    tensors: readonly TensorSpec[],
  ): TracedLayer {
    const depthwise = (spec.groups ?? 1) > 1 ? 'Depthwise conv' : 'Conv';
    const kind = `${depthwise} ${spec.kernel}×${spec.kernel}${spec.stride === 1 ? '' : `, stride ${spec.stride}`}`;
    return { name, kind, outputShape, parameters: countParameters(tensors) };
  }

  private weightless(shape: readonly number[], kind: string): Traced {
    const layers = [{ name: '', kind, outputShape: shape, parameters: 0 }];
    return this.record(shape, { key: '', tensors: [], norm: null, layers });
  }

  private record(shape: readonly number[], entry: Entry): Traced {
    this.entries.push(entry);
    return { shape, from: entry };
  }

  /**
   * A block's projection shortcut runs before the convolution that adds it, but PyTorch's blocks register it after
   * their main path. It belongs to the same block when its key lies under the block's prefix.
   */
  private moveShortcutBehind(convKey: string, shortcut: Entry | null): void {
    if (shortcut === null) return;
    const block = convKey.slice(0, convKey.lastIndexOf('.') + 1);
    if (block === '' || !shortcut.key.startsWith(block)) return;
    this.entries.splice(this.entries.indexOf(shortcut), 1);
    this.entries.push(shortcut);
  }
}

/**
 * Runs a definition over shapes: its tensors in state_dict order, its layers, its size and its cost.
 * @throws Error where the definition itself is inconsistent (a shortcut of another shape than what it is added to).
 */
export function traceNetwork(bound: BoundNetwork): NetworkTrace {
  const ops = new TraceOps();
  const { output, features } = bound.forward<Traced>(ops, { shape: bound.inputShape, from: null });
  const tensors = ops.entries.flatMap((entry) => entry.tensors);
  return {
    tensors,
    norms: ops.entries.flatMap((entry) => (entry.norm === null ? [] : [entry.norm])),
    layers: ops.entries.flatMap((entry) => entry.layers),
    parameters: countParameters(tensors),
    macs: ops.macs,
    outputShape: output.shape,
    featureShape: features?.shape ?? null,
  };
}
