import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { relativeDistance } from '../../../tests/setup/distance';
import { readFixture } from '../../../tests/setup/fixture';
import { inputFile } from '../../../tests/setup/inputFile';
import { readOnnx } from '../../formats/models/onnx/readOnnx';
import { openDevice, type OpenDevice } from '../device/device';
import { tf } from '../tf';
import { compileOnnx } from './compileOnnx';

// Whole networks exported by PyTorch, against PyTorch's numbers (tests/fixtures/onnx/make.py).
interface Case {
  readonly name: string;
  readonly opset: number;
  readonly image: readonly number[];
  readonly logits: readonly number[];
  readonly weights: readonly number[];
  /** Of the first image, HWC. */
  readonly gradient: readonly number[];
}

const CLASSES = 7;
const NAMES = [
  'resnet_11', 'vgg_bn_13', 'mobilenet_14', 'mobilenet_10', 'densenet_9', 'vit_17', 'vit_fixed_12', 'odd_16', 'attention_fixed_15',
  'external_13',
]; // prettier-ignore

let device: OpenDevice;
let cases: ReadonlyMap<string, Case>;

beforeAll(async () => {
  device = await openDevice();
  const text = new TextDecoder().decode(await readFixture('onnx/expected.json'));
  cases = new Map((JSON.parse(text) as Case[]).map((one) => [one.name, one]));
});

afterAll(() => device.close());

async function load(name: string): Promise<ReturnType<typeof compileOnnx>> {
  const file = inputFile(`${name}.onnx`, await readFixture(`onnx/${name}.onnx`));
  const beside = name.startsWith('external')
    ? [inputFile(`${name}.onnx.data`, await readFixture(`onnx/${name}.onnx.data`))]
    : [];
  return compileOnnx(await readOnnx(file, beside), file.path);
}

describe.each(NAMES)('%s', (name) => {
  it('gives the logits and the input gradient of PyTorch, for a batch of three', async () => {
    const expected = cases.get(name)!;
    const compiled = await load(name);
    expect(compiled.classes).toBe(CLASSES);
    expect(compiled.inputShape).toEqual([16, 16, 3]);
    const before = tf.memory().numTensors;
    const network = compiled.build();
    const x = tf.tensor4d(
      Array.from(expected.image, (q) => q / 64),
      [3, 16, 16, 3],
    );
    const w = tf.tensor2d([...expected.weights], [3, CLASSES]);
    const probabilities = name === 'odd_16';
    const say = (images: tf.Tensor4D): tf.Tensor2D => {
      const { logits } = network.forward(images);
      return probabilities ? tf.softmax(logits) : logits;
    };
    const output = tf.tidy(() => say(x));
    expect(relativeDistance(await output.data(), expected.logits)).toBeLessThan(1e-4);
    const gradient = tf.tidy(() => tf.grad((images) => tf.sum(tf.mul(say(images as tf.Tensor4D), w)))(x));
    const values = await gradient.data();
    expect(relativeDistance(values.slice(0, 16 * 16 * 3), expected.gradient)).toBeLessThan(1e-3);
    const { logits, features } = network.forward(x);
    expect(features.shape[0]).toBe(3);
    expect(features.shape[1]).toBeGreaterThan(CLASSES);
    network.dispose();
    tf.dispose([x, w, output, gradient, logits, features]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
