import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../tests/setup/ownKernels';
import { readFixture } from '../../../tests/setup/fixture';
import { inputFile } from '../../../tests/setup/inputFile';
import { readOnnx } from '../../formats/models/onnx/readOnnx';
import { buildFrozen } from '../nn/frozen';
import { initialState } from '../nn/initialise';
import { torchvisionResnetOfDepth } from '../nn/torchvisionResnet';
import { traceNetwork } from '../nn/trace';
import type { FrozenClassifier } from '../nn/types';
import { compileOnnx } from '../onnx/compileOnnx';
import { tf } from '../tf';
import { classifyInParts } from './inParts';
import { victimOf } from './victim';

const IMAGES = 7;
const SIDE = 16;

const gpu = ownKernels();

function resnet(): FrozenClassifier {
  const bound = torchvisionResnetOfDepth(18, 4, 7, [32, 32]);
  return buildFrozen(bound, initialState(traceNetwork(bound).tensors, 5));
}

async function onnx(name: string): Promise<FrozenClassifier> {
  const file = inputFile(`${name}.onnx`, await readFixture(`onnx/${name}.onnx`));
  return compileOnnx(await readOnnx(file), file.path).build();
}

const NETWORKS: readonly (readonly [string, () => FrozenClassifier | Promise<FrozenClassifier>])[] = [
  ['a torchvision ResNet', resnet],
  ['an ONNX graph', () => onnx('resnet_11')],
  ['an ONNX graph for one fixed batch', () => onnx('attention_fixed_15')],
];

/** Counts the batches that reach the network. */
function watched(network: FrozenClassifier, batches: number[]): FrozenClassifier {
  return {
    bound: network.bound,
    classes: network.classes,
    largestWeight: network.largestWeight,
    largestValue: (height, width) => network.largestValue(height, width),
    forward: (x) => {
      batches.push(x.shape[0]);
      return network.forward(x);
    },
    dispose: () => network.dispose(),
  };
}

describe.each(NETWORKS)('%s in parts', (_name, make) => {
  it('says the same of every image, and has the same gradient', async () => {
    const before = tf.memory().numTensors;
    const network = await make();
    const bytes = 4 * network.largestValue(SIDE, SIDE);
    const x = tf.randomUniform<tf.Rank.R4>([IMAGES, SIDE, SIDE, 3], -1, 1, 'float32', 3);
    const weights = tf.randomNormal<tf.Rank.R2>([IMAGES, network.classes], 0, 1, 'float32', 4);
    const run = async (limit: number, batches: number[]): Promise<Float32Array[]> => {
      const seen = watched(network, batches);
      const { logits, features } = classifyInParts(seen, x, limit);
      const gradient = tf.tidy(() =>
        tf.grad((images) =>
          tf.sum(tf.mul(classifyInParts(seen, images as tf.Tensor4D, limit).logits, weights)),
        )(x),
      );
      const values = await Promise.all([logits.data(), features.data(), gradient.data()]);
      tf.dispose([logits, features, gradient]);
      return values as Float32Array[];
    };
    const [whole, parts]: number[][] = [[], []];
    const expected = await run(IMAGES * bytes, whole!);
    const found = await run(3 * bytes + 1, parts!);
    expect(whole).toEqual([7, 7]);
    expect(parts).toEqual([2, 2, 3, 2, 2, 3]);
    for (const [i, values] of found.entries()) {
      const scale = Math.max(...expected[i]!.map(Math.abs));
      const worst = values.reduce((most, value, j) => Math.max(most, Math.abs(value - expected[i]![j]!)), 0);
      expect(worst / scale).toBeLessThan(1e-6);
    }
    // Where not even one image fits, the whole batch is tried: it is refused where a step is recorded.
    const refused: number[] = [];
    tf.dispose(Object.values(classifyInParts(watched(network, refused), x, bytes - 4)));
    expect(refused).toEqual([7]);
    tf.dispose([x, weights]);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

it('a classifier with a weight that the device cannot bind is refused, and disposed', () => {
  const { maxStorageBufferBindingSize: limit } = gpu.open.device.limits;
  const network = resnet();
  expect(network.largestWeight).toBe(3 * 3 * 32 * 32);
  const before = tf.memory().numTensors;
  const large = { ...network, largestWeight: Math.floor(limit / 4) + 1 };
  expect(() =>
    victimOf(large, { normalization: { mean: [0, 0, 0], std: [1, 1, 1] }, channelOrder: 'RGB' }),
  ).toThrow(
    /^The largest weight of the classifier takes \d+ MB in one piece, and this graphics adapter allows \d+ MB: use one that allows more/,
  );
  expect(tf.memory().numTensors).toBeLessThan(before);
});
