import type { StateDict, StateTensor } from '../../formats/models/stateDict';
import { PURPOSE, RandomStream } from '../../data/random';
import { drawInit, type TensorInit } from './ops/weightInit';
import { elementCount, isParameter, type TensorSpec } from './trace';

/** PyTorch's BatchNorm2d default, added to the variance. */
export const BATCH_NORM_EPSILON = 1e-5;

/**
 * A start state as PyTorch's default initialisers give it (METHODS 1.1): convolution and linear weights
 * kaiming-uniform with a = sqrt(5), which is U(±1/sqrt(fanIn)); their biases the same; normalisation 1 and 0, running
 * mean 0 and variance 1; or as the definition says, where it names another start. The numbers are ours, not PyTorch's: parameter i draws from the stream (seed, initialise, i),
 * in PyTorch's element order.
 */
export function initialState(tensors: readonly TensorSpec[], seed: number): StateDict {
  const state = new Map<string, StateTensor>();
  let parameterIndex = 0;
  for (const spec of tensors) {
    state.set(spec.name, initialTensor(spec, seed, parameterIndex));
    if (isParameter(spec.role)) parameterIndex++;
  }
  return state;
}

function initialTensor(spec: TensorSpec, seed: number, parameterIndex: number): StateTensor {
  const { role, shape } = spec;
  if (role === 'batches-tracked') return { dtype: 'int64', shape, data: new Int32Array(1) };
  const data = new Float32Array(elementCount(shape));
  const init = spec.init ?? defaultInit(spec);
  drawInit(init, new RandomStream(seed, PURPOSE.initialise, parameterIndex), data);
  return { dtype: 'float32', shape, data };
}

function defaultInit({ role, fanIn }: TensorSpec): TensorInit {
  if (role === 'norm-weight' || role === 'running-variance') return { kind: 'constant', value: 1 };
  if (fanIn === 0) return { kind: 'constant', value: 0 };
  return { kind: 'uniform', limit: 1 / Math.sqrt(fanIn) };
}
