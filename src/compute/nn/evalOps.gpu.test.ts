import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels } from '../kernels/install';
import { poison, relativeError } from '../kernels/reference/check';
import { tf } from '../tf';
import { architectureById } from './architectures';
import { buildFrozenNetwork } from './frozen';
import type { BoundNetwork } from './network';
import { buildTrainable } from './trainable';
import { unet } from './unet';

// A frozen network is proved against PyTorch (networks.gpu.test.ts); eval mode is held to it, folded and not.

const SIDE = 32;
const classifier = (id: string, width: number): readonly [string, BoundNetwork] => [
  id,
  architectureById(id).make({ width, classes: 5, inputShape: [SIDE, SIDE, 3] }),
];
/** Two inputs, residuals, norms before convolutions, biases in front of norms, and depthwise convolutions. */
const NETWORKS: readonly (readonly [string, BoundNetwork])[] = [
  ['unet', unet(4, [SIDE, SIDE])],
  classifier('resnet18', 4),
  classifier('preact-resnet18', 4),
  classifier('vgg16-bn', 4),
  classifier('torchvision-mobilenetv2', 4),
];

let open: OpenDevice;
beforeAll(async () => {
  open = await openDevice();
});
afterAll(() => open.close());

describe.each(['stock kernels', 'own kernels'])('eval mode, %s', (kernels) => {
  it.each(NETWORKS)('of %s is its frozen form, and the same within a gradient', async (_name, bound) => {
    const installed = kernels === 'own kernels' ? installKernels(open.backend) : null;
    const network = buildTrainable(bound, { seed: 5 });
    const x = tf.randomNormal<tf.Rank.R4>([2, SIDE, SIDE, 3], 0, 1, 'float32', 7);
    // Running statistics of their own, so that folding has something to fold.
    for (let step = 0; step < 3; step++) tf.tidy(() => network.forward(x, 'train').output.dispose());
    const frozen = buildFrozenNetwork(bound, await network.stateDict());
    const plain = tf.valueAndGrad((input: tf.Tensor) => tf.sum(frozen.forward(input as tf.Tensor4D).output))(
      x,
    );
    const before = tf.memory().numTensors;
    await poison(2 * SIDE * SIDE * 8, 2 * SIDE * SIDE * 4);
    const [expected, folded] = tf.tidy(() => [frozen.forward(x).output, network.forward(x, 'eval').output]);
    const { value, grad } = tf.valueAndGrad((input: tf.Tensor) =>
      tf.sum(network.forward(input as tf.Tensor4D, 'eval').output),
    )(x);
    const [want, got, wantGrad, gotGrad] = await Promise.all(
      [expected, folded, plain.grad, grad].map(async (tensor) => new Float32Array(await tensor.data())),
    );
    expect(relativeError(got!, Float64Array.from(want!))).toBeLessThan(1e-5);
    expect(relativeError(gotGrad!, Float64Array.from(wantGrad!))).toBeLessThan(1e-4);
    expect((await value.data())[0]).toBeCloseTo((await plain.value.data())[0]!, 2);
    tf.dispose([expected, folded, value, grad]);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([x, plain.value, plain.grad]);
    network.dispose();
    frozen.dispose();
    installed?.uninstall();
  });
});
