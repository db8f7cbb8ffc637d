import { beforeAll, describe, expect, it } from 'vitest';
import { readFixture } from '../../../tests/setup/fixture';
import { fixtureFile } from '../../../tests/setup/inputFile';
import { graphShapes } from '../../formats/models/graph/shapes';
import { readModel } from '../../formats/models/readModel';
import { tf } from '../tf';
import { buildGraphClassifier } from './graphClassifier';

// Files that Keras 3 wrote (tests/fixtures/keras/make_by_keras.py), held to what Keras itself predicts with them.
interface Expected {
  readonly shape: readonly [number, number, number, number];
  readonly x: string;
  readonly output: readonly (readonly number[])[];
}

const PIXELS = 12;
const STEP = 2e-3;

describe('models that Keras saved', () => {
  let expected: Readonly<Record<string, Expected>>;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    expected = JSON.parse(
      new TextDecoder().decode(await readFixture('keras/by_keras.json')),
    ) as typeof expected;
  });

  it.each(['by_keras.keras', 'by_keras.h5', 'in_a_row.keras', 'in_a_row.h5'])('%s', async (name) => {
    const { graph, state } = await readModel(await fixtureFile(`keras/${name}`));
    const { shape, x, output } = expected[name.slice(0, name.indexOf('.'))]!;
    const shapes = graphShapes(graph!, state, name);
    expect(shapes.inputShape).toEqual(shape.slice(1));
    const classifier = buildGraphClassifier(graph!, state, shapes);
    const pixels = new Float32Array(Uint8Array.from(atob(x), (letter) => letter.charCodeAt(0)).buffer);
    const { logits } = classifier.forward(tf.tensor4d(pixels, [...shape]));
    const scores = name.startsWith('by_keras') ? tf.softmax(logits) : logits;
    const wanted = output.flat();
    for (const [i, score] of (await scores.data()).entries())
      expect(Math.abs(score - wanted[i]!)).toBeLessThan(1e-5);

    const sum = (at: tf.Tensor) =>
      tf.sum(classifier.forward(at as tf.Tensor4D).logits.slice([0, 1], [-1, 1]));
    const gradient = await tf
      .grad((at: tf.Tensor) => sum(at) as tf.Scalar)(tf.tensor4d(pixels, [...shape]))
      .data();
    for (let i = 0; i < PIXELS; i++) {
      const pixel = (i * 197) % pixels.length;
      const moved = async (by: number) => {
        const there = pixels.map((value, at) => (at === pixel ? value + by : value));
        return (await sum(tf.tensor4d(there, [...shape])).data())[0]!;
      };
      const slope = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
      expect(Math.abs(gradient[pixel]! - slope)).toBeLessThan(2e-3 + 0.02 * Math.abs(slope));
    }
    classifier.dispose();
  });
});
