import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';
import { hostOf } from '../registry';
import { setTileChoice, tileChoice, uniformChoice } from '../tuning/choice';
import type { TileName } from './tile';

const SIDE = 16;
const CHANNELS = 64;

/** A 3x3 convolution and its gradients by the family with workgroup memory, whatever tile the device was tuned to. */
export function tiledCases(batch: number): readonly KernelCase[] {
  const x: [number, number, number, number] = [batch, SIDE, SIDE, CHANNELS];
  const w: [number, number, number, number] = [3, 3, CHANNELS, CHANNELS];
  const [nx, nw] = [tf.util.sizeFromShape(x), tf.util.sizeFromShape(w)];
  const attrs = { strides: [1, 1], pad: 1, dataFormat: 'NHWC' };
  const named = (name: string, inputs: tf.NamedTensorMap, shapes: tf.NamedAttrMap): tf.Tensor =>
    tf.engine().runKernel<tf.Tensor>(name, inputs, { ...attrs, ...shapes });
  const tasks: Readonly<Record<string, (a: tf.Tensor, b: tf.Tensor, filter: tf.Tensor) => tf.Tensor>> = {
    forward: (a, _, filter) => tf.conv2d(a as tf.Tensor4D, filter as tf.Tensor4D, 1, 1),
    'input gradient': (dy, _, filter) => named('Conv2DBackpropInput', { dy, filter }, { inputShape: x }),
    'filter gradient': (a, dy) => named('Conv2DBackpropFilter', { x: a, dy }, { filterShape: w }),
  };
  return (['small', 'wide'] as const).flatMap((tile) =>
    Object.entries(tasks).map(([task, run]) => ({
      kernel: `tiled, ${tile}, ${task}`,
      shape: `batch ${batch}, ${SIDE}x${SIDE}, ${CHANNELS} to ${CHANNELS}, 3x3`,
      flops: 2 * nx * 9 * CHANNELS,
      bytes: floatBytes(2 * nx, nw),
      setUp: onTensors([x, x, w], (a, b, filter) => withTile(tile, () => run(a, b, filter))),
    })),
  );
}

function withTile<T>(tile: TileName, run: () => T): T {
  const backend = hostOf('Conv2D');
  if (!backend) return run();
  const before = tileChoice(backend);
  setTileChoice(backend, { ...before, tiles: uniformChoice(tile).tiles });
  try {
    return run();
  } finally {
    setTileChoice(backend, before);
  }
}
