import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFixture } from '../../../tests/setup/fixture';
import { fixtureFile } from '../../../tests/setup/inputFile';
import { graphShapes } from '../../formats/models/graph/shapes';
import type { InputFile } from '../../formats/input';
import { readModel } from '../../formats/models/readModel';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels, type InstalledKernels } from '../kernels/install';
import { tf } from '../tf';
import { buildGraphClassifier } from './graphClassifier';

// Logits and input gradients of Keras and TensorFlow.js files against PyTorch's float64 (tests/fixtures/keras/make.py).
interface Expected {
  readonly shape: readonly [number, number, number, number];
  readonly x: string;
  readonly direction: string;
  readonly logits: readonly (readonly number[])[];
  readonly gradient: string;
}

const FILES: readonly [string, string, readonly string[]][] = [
  ['sequential_keras2.h5', 'sequential', []],
  ['functional_keras2.h5', 'functional', []],
  ['functional_keras3.keras', 'functional', []],
  ['tfjs_layers/model.json', 'sequential', ['group1-shard1of2.bin', 'group1-shard2of2.bin']],
  ['tfjs_graph/model.json', 'frozen', ['group1-shard1of1.bin']],
];

const floats = (base64: string) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Float32Array(bytes.buffer);
};
const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, one, i) => Math.max(most, Math.abs(one - (b[i] ?? NaN))), 0);

describe.each([false, true])('own kernels: %s', (own) => {
  let device: OpenDevice;
  let kernels: InstalledKernels | null = null;
  let expected: Readonly<Record<string, Expected>>;

  beforeAll(async () => {
    device = await openDevice();
    kernels = own ? installKernels(device.backend) : null;
    expected = JSON.parse(
      new TextDecoder().decode(await readFixture('keras/expected.json')),
    ) as typeof expected;
  });
  afterAll(() => {
    kernels?.uninstall();
    device.close();
  });

  it.each(FILES)(
    '%s gives the logits and the input gradient that PyTorch gives',
    async (name, key, shards) => {
      const folder = `keras/${name.slice(0, name.lastIndexOf('/') + 1)}`;
      const beside: InputFile[] = await Promise.all(shards.map((shard) => fixtureFile(folder + shard)));
      const file = await fixtureFile(`keras/${name}`);
      const { graph, state } = await readModel(file, beside);
      const { shape, x, direction, logits, gradient } = expected[key]!;
      const shapes = graphShapes(graph!, state, name);
      expect(shapes.inputShape).toEqual(shape.slice(1));
      const before = tf.memory().numTensors;
      const classifier = buildGraphClassifier(graph!, state, shapes);
      const input = tf.tensor4d(floats(x), [...shape]);
      const along = tf.tensor2d(floats(direction), [shape[0], shapes.classes]);
      const output = classifier.forward(input);
      const took = tf.grad((pixels: tf.Tensor) =>
        tf.sum(tf.mul(classifier.forward(pixels as tf.Tensor4D).logits, along)),
      )(input);
      const wanted = floats(gradient);
      const scale = wanted.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
      expect(worst(await output.logits.data(), logits.flat())).toBeLessThan(1e-4);
      expect(worst(await took.data(), wanted)).toBeLessThan(1e-4 * Math.max(1, scale));
      expect(output.features.shape[0]).toBe(shape[0]);
      tf.dispose([input, along, output.logits, output.features, took]);
      classifier.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
