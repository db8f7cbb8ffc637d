import { convShapes } from '../../bench/convShapes';
import { floatBytes, onTensors, type KernelCase, type PreparedCase } from '../../bench/kernelCase';
import { tf } from '../../tf';
import { FoldedConv } from './foldedConv';

/** The frozen victim's layer: conv + bias + shortcut + ReLU, and its input gradient with the sum and the mask of a block. */
export function foldedConvCases(batch: number): readonly KernelCase[] {
  const layers = convShapes(batch).filter((c) => c.kernel === 3 && c.stride === 1 && c.inputs === c.outputs);
  return layers.flatMap((layer) => {
    const size = tf.util.sizeFromShape(layer.y);
    const common = { shape: layer.text, flops: layer.flops };
    const setUp = (run: (conv: FoldedConv, x: tf.Tensor4D, other: tf.Tensor4D) => tf.Tensor) => () =>
      prepare(layer, run);
    return [
      {
        ...common,
        kernel: 'foldedConv, forward',
        bytes: layer.bytes + floatBytes(size),
        setUp: setUp((conv, x, other) => conv.forward(x, other, true)),
      },
      {
        ...common,
        kernel: 'foldedConv, input gradient',
        bytes: layer.bytes + floatBytes(size, size),
        setUp: setUp((conv, x, other) => conv.inputGradient(x, layer.x, other, { output: x, six: false })),
      },
    ];
  });
}

function prepare(
  layer: ReturnType<typeof convShapes>[number],
  run: (conv: FoldedConv, x: tf.Tensor4D, other: tf.Tensor4D) => tf.Tensor,
): PreparedCase {
  const weights = {
    filter: tf.keep(tf.randomUniform<tf.Rank.R4>(layer.w, -1, 1)),
    bias: tf.keep(tf.randomUniform<tf.Rank.R1>([layer.outputs], -1, 1)),
  };
  const conv = new FoldedConv(weights.filter, weights.bias, { stride: layer.stride, pad: layer.pad });
  const { run: once, dispose } = onTensors([layer.x, layer.y], (x, other) =>
    run(conv, x as tf.Tensor4D, other as tf.Tensor4D),
  )();
  return {
    run: once,
    dispose: () => {
      dispose();
      conv.dispose();
      tf.dispose(weights);
    },
  };
}
