import type { StateDict } from '../../../formats/models/stateDict';
import { tf } from '../../tf';
import { BATCH_NORM_EPSILON } from '../initialise';
import { deviceShape, floatValues, toDeviceLayout } from '../layout';
import { elementCount, isParameter, type NetworkTrace, type NormSpec, type TensorSpec } from '../trace';

/** A convolution with its normalisation in it. */
export interface LayerWeights {
  readonly filter: tf.Tensor;
  readonly bias: tf.Tensor1D;
}

/** A normalisation by itself. */
export interface NormWeights {
  readonly scale: tf.Tensor1D;
  readonly shift: tf.Tensor1D;
}

/** All that a frozen network keeps on the device. */
export interface FrozenWeights {
  /** Convolutions by key. */
  readonly layers: ReadonlyMap<string, LayerWeights>;
  /** Batch-norms by themselves, by key. */
  readonly norms: ReadonlyMap<string, NormWeights>;
  /** Every other learned tensor, by its full name, in device layout. */
  readonly constants: ReadonlyMap<string, tf.Tensor>;
  dispose(): void;
}

/** Batch-norm is folded in float64 before anything reaches the device. The state is known to fit the trace. */
export function foldWeights(trace: NetworkTrace, state: StateDict): FrozenWeights {
  const normOf = new Map(
    trace.norms.flatMap((norm) => (norm.convKey === null ? [] : [[norm.convKey, norm]])),
  );
  const layers = new Map<string, LayerWeights>();
  const norms = new Map<string, NormWeights>();
  const constants = new Map<string, tf.Tensor>();
  const done = new Set<string>();
  const take = (key: string, ...ends: readonly string[]): void => {
    for (const end of ends) done.add(`${key}.${end}`);
  };
  for (const spec of trace.tensors) {
    if (spec.role !== 'conv-weight' && spec.role !== 'depthwise-weight') continue;
    const key = spec.name.slice(0, -'.weight'.length);
    take(key, 'weight', 'bias');
    layers.set(key, foldLayer(spec, key, normOf.get(key) ?? null, state));
  }
  for (const norm of trace.norms) {
    take(norm.normKey, 'weight', 'bias');
    if (norm.convKey === null) norms.set(norm.normKey, normAlone(norm, state));
  }
  for (const spec of trace.tensors) {
    if (!isParameter(spec.role) || done.has(spec.name)) continue;
    constants.set(spec.name, onDevice(valuesOf(state, spec.name), spec));
  }
  const dispose = (): void => {
    for (const { filter, bias } of layers.values()) tf.dispose([filter, bias]);
    for (const { scale, shift } of norms.values()) tf.dispose([scale, shift]);
    tf.dispose([...constants.values()]);
  };
  return { layers, norms, constants, dispose };
}

function valuesOf(state: StateDict, name: string): Float32Array<ArrayBuffer> {
  const tensor = state.get(name);
  if (tensor === undefined) throw new Error(`${name} is missing.`);
  return floatValues(tensor);
}

function onDevice(values: Float32Array, spec: TensorSpec): tf.Tensor {
  return tf.tensor(toDeviceLayout(values, spec), deviceShape(spec));
}

/** What batch-norm multiplies channel `c` by and what it adds, in eval mode. */
function affine({ normKey }: NormSpec, state: StateDict, c: number): { scale: number; shift: number } {
  const at = (name: string): number => Number(state.get(`${normKey}.${name}`)?.data[c] ?? 0);
  const scale = at('weight') / Math.sqrt(at('running_var') + BATCH_NORM_EPSILON);
  return { scale, shift: at('bias') - at('running_mean') * scale };
}

function foldLayer(spec: TensorSpec, key: string, norm: NormSpec | null, state: StateDict): LayerWeights {
  const values = valuesOf(state, spec.name);
  const outputs = spec.shape[0] ?? 0;
  const perOutput = elementCount(spec.shape.slice(1));
  const own = state.get(`${key}.bias`);
  const bias = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const ownBias = Number(own?.data[o] ?? 0);
    if (norm === null) {
      bias[o] = ownBias;
      continue;
    }
    const { scale, shift } = affine(norm, state, o);
    bias[o] = ownBias * scale + shift;
    for (let i = o * perOutput; i < (o + 1) * perOutput; i++) values[i] = (values[i] ?? 0) * scale;
  }
  return { filter: onDevice(values, spec), bias: tf.tensor1d(bias) };
}

function normAlone(norm: NormSpec, state: StateDict): NormWeights {
  const scale = new Float32Array(norm.channels);
  const shift = new Float32Array(norm.channels);
  for (let c = 0; c < norm.channels; c++) {
    const both = affine(norm, state, c);
    scale[c] = both.scale;
    shift[c] = both.shift;
  }
  return { scale: tf.tensor1d(scale), shift: tf.tensor1d(shift) };
}
