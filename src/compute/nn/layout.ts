import type { StateTensor } from '../../formats/models/stateDict';
import { elementCount, type TensorRole, type TensorSpec } from './trace';

/** Float32 copy of a state tensor's values, in the file's order. */
export function floatValues(tensor: StateTensor): Float32Array<ArrayBuffer> {
  return new Float32Array(tensor.data);
}

/** The roles whose layout differs. */
const MATRICES: ReadonlySet<TensorRole> = new Set([
  'conv-weight',
  'depthwise-weight',
  'patch-weight',
  'linear-weight',
]);

function dimensions(shape: readonly number[]): [number, number, number, number] {
  const [outputs = 1, inputs = 1, height = 1, width = 1] = shape;
  return [outputs, inputs, height, width];
}

/**
 * The shape that a tensor has on the device: HWIO for convolutions, [height, width, channels, 1] for depthwise
 * ones, [in, out] for linear layers, else as in PyTorch.
 */
export function deviceShape(spec: TensorSpec): number[] {
  const [outputs, inputs, height, width] = dimensions(spec.shape);
  if (spec.role === 'conv-weight' || spec.role === 'patch-weight') return [height, width, inputs, outputs];
  if (spec.role === 'depthwise-weight') return [height, width, outputs, 1];
  if (spec.role === 'linear-weight') return [inputs, outputs];
  return [...spec.shape];
}

/** PyTorch's order to the device's, as a new array; roles without a layout are copied. */
export function toDeviceLayout(values: Float32Array, spec: TensorSpec): Float32Array<ArrayBuffer> {
  return permute(values, spec, (file, device, from, to) => {
    to[device] = from[file] ?? 0;
  });
}

/** The inverse of `toDeviceLayout`. */
export function toFileLayout(values: Float32Array, spec: TensorSpec): Float32Array<ArrayBuffer> {
  return permute(values, spec, (file, device, from, to) => {
    to[file] = from[device] ?? 0;
  });
}

/** Visits every weight with its index in OIHW and in HWIO ([out, in] and [in, out] are the 1x1 case). */
function permute(
  values: Float32Array,
  spec: TensorSpec,
  move: (file: number, device: number, from: Float32Array, to: Float32Array) => void,
): Float32Array<ArrayBuffer> {
  if (!MATRICES.has(spec.role)) return new Float32Array(values);
  const [outputs, inputs, height, width] = dimensions(spec.shape);
  const result = new Float32Array(elementCount(spec.shape));
  const area = height * width;
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      for (let p = 0; p < area; p++)
        move((o * inputs + i) * area + p, (p * inputs + i) * outputs + o, values, result);
    }
  }
  return result;
}
