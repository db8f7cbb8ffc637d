import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNpz } from '../../../tests/setup/npz';
import { sharedPath } from '../../../tests/setup/shared';
import { readModel } from '../../formats/models/readModel';
import type { StateDict } from '../../formats/models/stateDict';
import { openDevice, type OpenDevice } from '../device/device';
import { tf } from '../tf';
import { createVictim } from '../victim/victim';
import { buildFrozenNetwork } from './frozen';
import { recogniseNetwork } from './registry';
import { buildTrainable } from './trainable';

// What the official code and a real model gave in PyTorch; skipped where that data is not at hand.
const model = sharedPath('models/badnets_resnet18_w16.pth');
const logitsFile = sharedPath('models/badnets_resnet18_w16_logits.npz');
const initial = sharedPath('golden/c8/unet_initial.pth');
const afterFive = sharedPath('golden/c8/unet_after_5_steps.pth');
const steps = sharedPath('golden/c8/refine_steps.npz');

let device: OpenDevice;

beforeAll(async () => {
  device = await openDevice();
});

afterAll(() => device.close());

async function readState(path: string): Promise<StateDict> {
  const { openAsBlob } = await import('node:fs');
  return (await readModel({ path: 'model.pth', blob: await openAsBlob(path) })).state;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < b.length; i++) {
    largest = Math.max(largest, Math.abs(b[i]!));
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
  }
  return a.length === b.length ? difference / largest : NaN;
}

const fromNchw = (data: ArrayLike<number>, shape: readonly number[]): tf.Tensor4D =>
  tf.tidy(() =>
    tf.tensor4d(Array.from(data), shape as [number, number, number, number]).transpose([0, 2, 3, 1]),
  );

describe('a real ResNet-18 of width 16', () => {
  it.skipIf(model === null || logitsFile === null)('gives the logits PyTorch gave', async () => {
    const state = await readState(model!);
    const { images_uint8_nhwc: images, logits } = await readNpz(logitsFile!, ['images_uint8_nhwc', 'logits']);
    const bound = recogniseNetwork(state)!;
    expect(bound.label).toBe('CIFAR ResNet-18, first width 16');
    const victim = createVictim(bound, state, {
      normalization: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
      channelOrder: 'RGB',
    });
    const pixels = tf.tensor4d(
      Array.from(images.data, (value) => value / 255),
      [64, 32, 32, 3],
    );
    const output = victim.forwardPixels(pixels);
    expect(largestDifference(await output.logits.data(), logits.data)).toBeLessThan(1e-4);
    expect(output.features.shape).toEqual([64, 128]);
    victim.dispose();
    tf.dispose([pixels, output.logits, output.features]);
  });
});

describe('the official UNet of 8 first channels', () => {
  it.skipIf(initial === null || steps === null)('gives what PyTorch gave in train mode', async () => {
    const state = await readState(initial!);
    const golden = await readNpz(steps!, ['images_normalized_nchw', 'unet_raw_train_nchw']);
    const network = buildTrainable(recogniseNetwork(state)!, { state });
    const x = fromNchw(golden.images_normalized_nchw.data, golden.images_normalized_nchw.shape);
    const want = fromNchw(golden.unet_raw_train_nchw.data, golden.unet_raw_train_nchw.shape);
    const y = network.forward(x, 'train').output;
    expect(largestDifference(await y.data(), await want.data())).toBeLessThan(1e-4);
    network.dispose();
    tf.dispose([x, want, y]);
  });

  it.skipIf(afterFive === null || steps === null)('and in eval mode, trainable and frozen', async () => {
    const state = await readState(afterFive!);
    const golden = await readNpz(steps!, ['images_normalized_nchw', 'unet_raw_eval_after_5_steps_nchw']);
    const network = buildTrainable(recogniseNetwork(state)!, { state });
    const frozen = buildFrozenNetwork(network.bound, state);
    const x = fromNchw(golden.images_normalized_nchw.data, golden.images_normalized_nchw.shape);
    const { data, shape } = golden.unet_raw_eval_after_5_steps_nchw;
    const want = fromNchw(data, shape);
    const [y, folded] = [network.forward(x, 'eval').output, frozen.forward(x).output];
    expect(largestDifference(await y.data(), await want.data())).toBeLessThan(1e-4);
    expect(largestDifference(await folded.data(), await want.data())).toBeLessThan(1e-4);
    network.dispose();
    frozen.dispose();
    tf.dispose([x, want, y, folded]);
  });
});
