import { floatBytes, type KernelCase, type PreparedCase } from '../../bench/kernelCase';
import { isParameter, elementCount, traceNetwork } from '../../nn/trace';
import { unet } from '../../nn/unet';
import { tf } from '../../tf';
import { sgdStep, type SgdPart } from './sgd';

const OPTIONS = { learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 };

/** One SGD step over all weights of the transform. */
export function optimizerCases(): readonly KernelCase[] {
  return [8, 32].map((channels) => {
    const trace = traceNetwork(unet(channels));
    return {
      kernel: 'optimizer, SGD',
      shape: `UNet ${channels}, ${trace.parameters.toLocaleString('en')} weights`,
      flops: 0,
      // Three are read, two are written.
      bytes: floatBytes(5 * trace.parameters),
      setUp: () =>
        prepare(trace.tensors.filter((t) => isParameter(t.role)).map((t) => elementCount(t.shape))),
    };
  });
}

function prepare(sizes: readonly number[]): PreparedCase {
  const parts = sizes.map((size): SgdPart => {
    const random = (): tf.Tensor => tf.randomUniform([size], -1, 1);
    return {
      param: tf.tidy(() => tf.variable(random())),
      grad: tf.keep(random()),
      velocity: tf.tidy(() => tf.variable(tf.zeros([size]))),
    };
  });
  return {
    run: () => {
      sgdStep(parts, OPTIONS);
      return [];
    },
    dispose: () => {
      for (const { param, grad, velocity } of parts) tf.dispose([param, grad, velocity]);
    },
  };
}
