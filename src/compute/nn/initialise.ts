import type { StateDict, StateTensor } from '../../formats/models/stateDict';
import { PURPOSE, RandomStream } from '../../data/random';
import { elementCount, isParameter, type TensorSpec } from './trace';

/** PyTorch's BatchNorm2d default, added to the variance. */
export const BATCH_NORM_EPSILON = 1e-5;

/**
 * A start state as PyTorch's default initialisers give it (METHODS 1.1): convolution and linear weights
 * kaiming-uniform with a = sqrt(5), which is U(±1/sqrt(fanIn)); their biases the same; normalisation 1 and 0, running
 * mean 0 and variance 1. The numbers are ours, not PyTorch's: parameter i draws from the stream (seed, initialise, i),
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
  const { role, shape, fanIn } = spec;
  if (role === 'batches-tracked') return { dtype: 'int64', shape, data: new Int32Array(1) };
  const data = new Float32Array(elementCount(shape));
  if (role === 'norm-weight' || role === 'running-variance') data.fill(1);
  if (role === 'conv-weight' || role === 'linear-weight' || role === 'bias') {
    const stream = new RandomStream(seed, PURPOSE.initialise, parameterIndex);
    const limit = 1 / Math.sqrt(fanIn);
    for (let i = 0; i < data.length; i++) data[i] = stream.uniform(-limit, limit);
  }
  return { dtype: 'float32', shape, data };
}
