import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';

const SHAPES = [
  [32, 32],
  [32, 64],
  [4, 256],
] as const;

/** Sums over all but the channels (the gradient of a bias), and means over an image (a network's last pool). */
export function columnReduceCases(batch: number): readonly KernelCase[] {
  const sums = SHAPES.map(([side, channels]) => ({
    kernel: 'columnReduce',
    shape: `batch ${batch}, ${side}x${side}, ${channels} channels`,
    flops: 0,
    bytes: floatBytes(batch * side * side * channels),
    setUp: onTensors([[batch, side, side, channels]], (x) => tf.sum(x, [0, 1, 2])),
  }));
  const pool = {
    kernel: 'columnReduce',
    shape: `batch ${batch}, 4x4, 512 channels, mean of each image`,
    flops: 0,
    bytes: floatBytes(batch * 16 * 512),
    setUp: onTensors([[batch, 4, 4, 512]], (x) => tf.mean(x, [1, 2])),
  };
  return [...sums, pool];
}
