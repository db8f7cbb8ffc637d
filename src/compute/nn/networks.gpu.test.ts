import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeDistance } from '../../../tests/setup/distance';
import { readFixture } from '../../../tests/setup/fixture';
import { parseNpz, type NpyArray } from '../../../tests/setup/npz';
import { parseIndex, unpackState, type PackedTensor } from '../../../tests/setup/packedState';
import type { StateDict } from '../../formats/models/stateDict';
import { openDevice, type OpenDevice } from '../device/device';
import { tf } from '../tf';
import { cifarResnetOfDepth } from './cifarResnet';
import { buildFrozen, buildFrozenNetwork } from './frozen';
import type { BoundNetwork } from './network';
import { recogniseNetwork } from './registry';
import { buildTrainable } from './trainable';
import { unet } from './unet';

// Whole networks against PyTorch's float64 (tests/fixtures/nn/make.py).
let device: OpenDevice;

beforeAll(async () => {
  device = await openDevice();
});

afterAll(() => device.close());

interface NetworkFixture {
  readonly state: StateDict;
  readonly bound: BoundNetwork;
  readonly x: tf.Tensor4D;
  read(name: string): ArrayLike<number>;
}

async function load(name: string): Promise<NetworkFixture> {
  const arrays = parseNpz(await readFixture(`nn/${name}.npz`));
  const array = (key: string): NpyArray => arrays.get(key)!;
  const state = unpackState(
    parseIndex<PackedTensor[]>(array('state_index').data),
    array('state_values').data,
  );
  const { shape, data } = array('x_int8_nhwc');
  return {
    state,
    bound: recogniseNetwork(state)!,
    x: tf.tensor4d(
      Array.from(data, (q) => q / 64),
      shape as [number, number, number, number],
    ),
    read: (key) => array(key).data,
  };
}

/** The largest difference as a part of the largest value. */
function relativeToLargest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let largest = 0;
  let difference = 0;
  for (let i = 0; i < b.length; i++) {
    largest = Math.max(largest, Math.abs(b[i]!));
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
  }
  return a.length === b.length ? difference / largest : NaN;
}

describe.each([18, 34, 50])('CIFAR ResNet-%i of width 2, seven classes', (depth) => {
  it('is recognised, and gives the logits and features of PyTorch in both modes', async () => {
    const { state, bound, x, read } = await load(`resnet${depth}_w2`);
    expect(bound.label).toBe(`CIFAR ResNet-${depth}, first width 2`);
    expect(bound.classes).toBe(7);
    const frozen = buildFrozen(bound, state);
    const trainable = buildTrainable(bound, { state });
    const { logits, features } = frozen.forward(x);
    const evaluated = trainable.forward(x, 'eval');
    expect(relativeToLargest(await logits.data(), read('logits'))).toBeLessThan(1e-4);
    expect(relativeToLargest(await features.data(), read('features'))).toBeLessThan(1e-4);
    expect(relativeToLargest(await evaluated.output.data(), read('logits'))).toBeLessThan(1e-4);
    expect(relativeToLargest(await evaluated.features!.data(), read('features'))).toBeLessThan(1e-4);
    frozen.dispose();
    trainable.dispose();
    tf.dispose([x, logits, features, evaluated.output, evaluated.features!]);
  });
});

describe('UNet of 2 first channels at 20x28, which pads on the way up', () => {
  it('gives what PyTorch gives in eval and in train mode', async () => {
    const { state, bound, x, read } = await load('unet_c2');
    expect(bound.label).toBe('UNet, 2 first channels');
    const network = buildTrainable(bound, { state });
    const folded = buildFrozenNetwork(bound, state);
    const first = async (y: tf.Tensor): Promise<ArrayLike<number>> => (await y.data()).slice(0, y.size / 3);
    const evaluated = network.forward(x, 'eval').output;
    const frozen = folded.forward(x).output;
    const trained = network.forward(x, 'train').output;
    expect(relativeToLargest(await first(evaluated), read('eval_first_image_nhwc'))).toBeLessThan(1e-5);
    expect(relativeToLargest(await first(frozen), read('eval_first_image_nhwc'))).toBeLessThan(1e-5);
    expect(relativeToLargest(await first(trained), read('train_first_image_nhwc'))).toBeLessThan(1e-4);
    network.dispose();
    folded.dispose();
    tf.dispose([x, evaluated, frozen, trained]);
  });

  it('gives its state_dict back bit for bit, in order, and after load', async () => {
    const { state, bound, x } = await load('unet_c2');
    const network = buildTrainable(bound, { state });
    expect([...(await network.stateDict())]).toEqual([...state]);
    network.forward(x, 'train').output.dispose();
    const moved = await network.stateDict();
    expect(moved.get('inc.double_conv.1.num_batches_tracked')!.data).toEqual(Int32Array.of(4));
    expect(moved.get('inc.double_conv.1.running_mean')).not.toEqual(
      state.get('inc.double_conv.1.running_mean'),
    );
    network.load(state);
    expect([...(await network.stateDict())]).toEqual([...state]);
    network.dispose();
    x.dispose();
  });

  it('keeps the number of tensors flat over training steps, and disposes all of them', () => {
    const before = tf.memory().numTensors;
    const network = buildTrainable(unet(1, [16, 16]), { seed: 7 });
    const x = tf.fill<tf.Rank.R4>([2, 16, 16, 3], 0.5);
    const step = (): void => {
      const { value, grads } = tf.variableGrads(
        () => network.forward(x, 'train').output.square().mean<tf.Scalar>(),
        [...network.parameters.values()],
      );
      // Every parameter has a gradient, the biases in front of batch-norm too.
      expect(Object.keys(grads).sort()).toEqual(
        [...network.parameters.values()].map(({ name }) => name).sort(),
      );
      tf.dispose([value, grads]);
    };
    step();
    const inside = tf.memory().numTensors;
    step();
    expect(tf.memory().numTensors).toBe(inside);
    network.dispose();
    tf.dispose(x);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses to train on one value a channel, and weights of another size', () => {
    const network = buildTrainable(unet(1, [16, 16]), { seed: 7 });
    const x = tf.zeros<tf.Rank.R4>([1, 16, 16, 3]);
    expect(() => network.forward(x, 'train')).toThrow(/batch size of 2/);
    const other = new Map([
      [
        'inc.double_conv.0.weight',
        { dtype: 'float32' as const, shape: [2, 3, 3, 3], data: new Float32Array(54) },
      ],
    ]);
    expect(() => network.load(other)).toThrow(/inc\.double_conv\.0\.weight/);
    expect(() => buildFrozen(unet(1), other)).toThrow(/not classes/);
    network.dispose();
    x.dispose();
  });
});

describe('a ResNet in training', () => {
  it('takes a step that moves the frozen twin the same way', async () => {
    const bound = cifarResnetOfDepth(18, 2, 3, [8, 8]);
    const network = buildTrainable(bound, { seed: 3 });
    const x = tf.randomUniform<tf.Rank.R4>([4, 8, 8, 3], 0, 1, 'float32', 5);
    const loss = (): tf.Scalar => network.forward(x, 'train').output.square().mean();
    const { value, grads } = tf.variableGrads(loss, [...network.parameters.values()]);
    for (const variable of network.parameters.values()) {
      tf.tidy(() => {
        variable.assign(variable.sub(grads[variable.name]!.mul(0.05)));
      });
    }
    const frozen = buildFrozen(bound, await network.stateDict());
    const { logits, features } = frozen.forward(x);
    const evaluated = network.forward(x, 'eval');
    expect(relativeDistance(await logits.data(), await evaluated.output.data())).toBeLessThan(1e-5);
    const after = loss();
    expect((await after.data())[0]!).toBeLessThan((await value.data())[0]!);
    network.dispose();
    frozen.dispose();
    tf.dispose([x, value, grads, logits, features, evaluated.output, evaluated.features!, after]);
  });
});
