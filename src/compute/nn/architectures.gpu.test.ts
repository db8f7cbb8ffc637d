import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readArchitectures, type ArchitectureFixture } from '../../../tests/setup/architectures';
import { relativeDistance } from '../../../tests/setup/distance';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels, type InstalledKernels } from '../kernels/install';
import { tf } from '../tf';
import { buildFrozen } from './frozen';
import { toFileLayout } from './layout';
import type { BoundNetwork } from './network';
import { networkFamilies, recogniseNetwork } from './registry';
import { isParameter, traceNetwork } from './trace';
import { buildTrainable } from './trainable';
import type { TrainableNetwork } from './types';

// Every family, small, against PyTorch's float64 (tests/fixtures/nn/make_architectures.py): torchvision's own classes
// where torchvision has them.
const NETWORKS: readonly (readonly [name: string, family: string, label: string])[] = [
  ['torchvision_resnet18', 'torchvision-resnet', 'torchvision ResNet-18, first width 4'],
  ['torchvision_resnet34', 'torchvision-resnet', 'torchvision ResNet-34, first width 2'],
  ['torchvision_resnet50', 'torchvision-resnet', 'torchvision ResNet-50, first width 2'],
  ['preact_resnet18', 'preact-resnet', 'PreAct ResNet-18, first width 4'],
  ['preact_resnet50', 'preact-resnet', 'PreAct ResNet-50, first width 2'],
  ['vgg16', 'vgg', 'VGG-16, first width 2'],
  ['vgg16_bn', 'vgg', 'VGG-16 with batch-norm, first width 2'],
  ['toolbox_vgg16_bn', 'vgg', 'VGG-16 with batch-norm, first width 2'],
  ['torchvision_vgg16', 'vgg', 'torchvision VGG-16, first width 1'],
  ['torchvision_vgg16_bn', 'vgg', 'torchvision VGG-16 with batch-norm, first width 1'],
  ['torchvision_densenet121', 'torchvision-densenet', 'torchvision DenseNet-121, growth 2'],
  ['cifar_densenet', 'cifar-densenet', 'CIFAR DenseNet-29, growth 4'],
  ['torchvision_mobilenetv2', 'torchvision-mobilenetv2', 'torchvision MobileNetV2, first width 32'],
  ['toolbox_mobilenetv2', 'toolbox-mobilenetv2', 'backdoor-toolbox MobileNetV2, first width 4'],
  ['cifar_mobilenetv2', 'cifar-mobilenetv2', 'CIFAR MobileNetV2, first width 4'],
  ['timm_vit', 'timm-vit', 'timm ViT, 2 layers of 16 features, patches of 8'],
  ['torchvision_vit', 'torchvision-vit', 'torchvision ViT, 2 layers of 16 features, patches of 16'],
  ['locality_vit', 'locality-vit', 'Locality ViT, 2 layers of 16 features, patches of 4'],
];

let device: OpenDevice;
let kernels: InstalledKernels;
let fixtures: ReadonlyMap<string, ArchitectureFixture>;

beforeAll(async () => {
  device = await openDevice();
  kernels = installKernels(device.backend);
  fixtures = await readArchitectures();
});

afterAll(() => {
  kernels.uninstall();
  device.close();
});

/** The same network with dropout switched off, as PyTorch ran it. */
function withoutDropout(bound: BoundNetwork): BoundNetwork {
  return {
    ...bound,
    forward: (ops, x) =>
      bound.forward(Object.create(ops, { dropout: { value: (value: typeof x) => value } }) as typeof ops, x),
  };
}

function crossEntropy(logits: tf.Tensor, labels: readonly number[]): tf.Scalar {
  const oneHot = tf.oneHot(tf.tensor1d([...labels], 'int32'), logits.shape[1]!);
  const logarithms = tf.logSoftmax(logits as tf.Tensor2D);
  return tf.neg<tf.Scalar>(tf.mean(tf.sum(tf.mul(oneHot, logarithms), 1)));
}

/** The stored pixels of the first image. */
async function pixels(gradient: tf.Tensor, step: number): Promise<number[]> {
  const [, height, width, channels] = gradient.shape as [number, number, number, number];
  const values = await gradient.data();
  const kept: number[] = [];
  for (let y = 0; y < height; y += step) {
    for (let x = 0; x < width; x += step) {
      for (let c = 0; c < channels; c++) kept.push(values[(y * width + x) * channels + c]!);
    }
  }
  return kept;
}

const norm = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
};

async function gradientsOf(
  network: TrainableNetwork,
  x: tf.Tensor4D,
  labels: readonly number[],
): Promise<{ loss: number; gradients: ReadonlyMap<string, Float32Array> }> {
  const { value, grads } = tf.variableGrads(
    () => crossEntropy(network.forward(x, 'train').output, labels),
    [...network.parameters.values()],
  );
  const gradients = new Map<string, Float32Array>();
  for (const spec of traceNetwork(network.bound).tensors) {
    if (!isParameter(spec.role)) continue;
    const gradient = grads[network.parameters.get(spec.name)!.name]!;
    gradients.set(spec.name, toFileLayout((await gradient.data()) as Float32Array, spec));
  }
  const loss = (await value.data())[0]!;
  tf.dispose([value, grads]);
  return { loss, gradients };
}

describe.each(NETWORKS)('%s', (name, family, label) => {
  const load = () => {
    const fixture = fixtures.get(name)!;
    const bound = recogniseNetwork(fixture.state)!;
    const x = tf.tensor4d(fixture.images.data, fixture.images.shape as [number, number, number, number]);
    return { fixture, bound, x };
  };

  it('is recognised by its own family alone, its tensors in PyTorch’s order', () => {
    const { state } = fixtures.get(name)!;
    const found = networkFamilies.flatMap((one) => one.recognise(state) ?? []);
    expect(found.map((bound) => bound.id)).toEqual([family]);
    expect(found[0]).toMatchObject({ label, classes: 7 });
    expect(traceNetwork(found[0]!).tensors.map((tensor) => tensor.name)).toEqual([...state.keys()]);
  });

  it('gives PyTorch’s logits and input gradient in eval mode, frozen and trainable', async () => {
    const { fixture, bound, x } = load();
    const frozen = buildFrozen(bound, fixture.state);
    const trainable = buildTrainable(bound, { state: fixture.state });
    const runs = [
      (of: tf.Tensor4D): tf.Tensor => frozen.forward(of).logits,
      (of: tf.Tensor4D): tf.Tensor => trainable.forward(of, 'eval').output,
    ];
    for (const run of runs) {
      const logits = tf.tidy(() => run(x));
      expect(relativeDistance(await logits.data(), fixture.read('logits')!.data)).toBeLessThan(1e-5);
      const gradient = tf.grad((of: tf.Tensor) => crossEntropy(run(of as tf.Tensor4D), fixture.labels))(x);
      const kept = await pixels(gradient, fixture.step);
      expect(relativeDistance(kept, fixture.read('dx_nhwc')!.data)).toBeLessThan(2e-5);
      tf.dispose([logits, gradient]);
    }
    frozen.dispose();
    trainable.dispose();
    x.dispose();
  });

  it('gives PyTorch’s loss, gradients and running statistics in train mode, and its state back', async () => {
    const { fixture, bound, x } = load();
    const network = buildTrainable(withoutDropout(bound), { state: fixture.state });
    expect([...(await network.stateDict())]).toEqual([...fixture.state]);
    const { loss, gradients } = await gradientsOf(network, x, fixture.labels);
    expect(loss / fixture.read('train_loss')!.data[0]!).toBeCloseTo(1, 5);
    const norms = [...gradients.values()].map(norm);
    expect(relativeDistance(norms, fixture.read('train_norms')!.data)).toBeLessThan(1e-4);
    // Through fifty layers of width two PyTorch's own float32 is 7e-4 from its float64.
    const bound50 = name === 'torchvision_resnet50' ? 10 : 1;
    for (const key of fixture.gradients) {
      expect(relativeDistance(gradients.get(key)!, fixture.read(`grad/${key}`)!.data)).toBeLessThan(
        bound50 * 2e-4,
      );
    }
    const after = [...(await network.stateDict())].filter(([key]) => key.includes('running_'));
    const stored = fixture.read('running_after_norms')?.data ?? [];
    expect(after).toHaveLength(stored.length);
    if (after.length > 0) {
      expect(
        relativeDistance(
          after.map(([, { data }]) => norm(data)),
          stored,
        ),
      ).toBeLessThan(1e-5);
    }
    network.dispose();
    x.dispose();
  });
});
