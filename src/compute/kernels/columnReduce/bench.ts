import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';

const SHAPES = [
  [32, 32],
  [32, 64],
  [4, 256],
] as const;

/** Sums over all but the channels: the gradient of a bias. */
export function columnReduceCases(batch: number): readonly KernelCase[] {
  return SHAPES.map(([side, channels]) => ({
    kernel: 'columnReduce',
    shape: `batch ${batch}, ${side}x${side}, ${channels} channels`,
    flops: 0,
    bytes: floatBytes(batch * side * side * channels),
    setUp: onTensors([[batch, side, side, channels]], (x) => tf.sum(x, [0, 1, 2])),
  }));
}
