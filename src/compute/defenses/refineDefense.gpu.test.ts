import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PURPOSE, RandomStream } from '../../data/random';
import { recipeDefaults } from '../../protocol/experiment';
import { openDevice, type OpenDevice } from '../device/device';
import { cifarResnetOfDepth } from '../nn/cifarResnet';
import { initialState } from '../nn/initialise';
import { traceNetwork } from '../nn/trace';
import { tf } from '../tf';
import { createVictim } from '../victim/victim';
import { DEFENSES } from './registry';

const SIDE = 16;
const MAP = [2, 0, 3, 1];
const NORMALIZATION = {
  mean: [0.5, 0.45, 0.4] as [number, number, number],
  std: [0.2, 0.25, 0.3] as [number, number, number],
};

describe('REFINE as a defence', () => {
  let open: OpenDevice;
  beforeAll(async () => {
    open = await openDevice();
  });
  afterAll(() => open.close());

  it.each(['official', 'paper'] as const)(
    '%s: purifies, predicts and shows features as Eq. 9',
    async (recipe) => {
      const before = tf.memory().numTensors;
      const network = cifarResnetOfDepth(18, 4, MAP.length, [SIDE, SIDE]);
      const victim = createVictim(network, initialState(traceNetwork(network).tensors, 3), {
        normalization: NORMALIZATION,
        channelOrder: 'BGR',
      });
      const trainer = DEFENSES.refine.prepare({
        victim,
        split: { count: 4, labels: null, read: () => Promise.reject(new Error('nothing is read here')) },
        height: SIDE,
        width: SIDE,
        settings: { ...recipeDefaults(recipe, 1), firstChannels: 2, batchSize: 4 },
        seed: 1,
        labelMap: MAP,
        logEverySteps: 1,
      });
      const defense = DEFENSES.refine.defend(trainer);
      expect(defense.label).toBe(`REFINE, ${recipe} recipe, UNet 2`);
      const random = new RandomStream(4, PURPOSE.sample);
      const values = Float32Array.from({ length: 3 * SIDE * SIDE * 3 }, () => random.uniform());
      const pixels = tf.tensor4d(values, [3, SIDE, SIDE, 3]);

      const purified = defense.purify(pixels);
      const shown = await purified.data();
      expect(Math.min(...shown)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...shown)).toBeLessThanOrEqual(1);

      // By hand: BGR, the recipe's normalisations, and the scatter out[i, map[j]] = p[i, j].
      const { mean, std } = NORMALIZATION;
      const byHand = tf.tidy(() => {
        const bgr = tf.reverse(pixels, 3);
        const normalize = (x: tf.Tensor4D) =>
          tf.div<tf.Tensor4D>(tf.sub(x, tf.tensor1d(mean)), tf.tensor1d(std));
        const out = trainer.model.transform.forward(
          recipe === 'official' ? normalize(bgr) : bgr,
          'eval',
        ).output;
        const clamped = tf.clipByValue(out as tf.Tensor4D, 0, 1);
        const { logits, features } = victim.network.forward(
          recipe === 'official' ? clamped : normalize(clamped),
        );
        return [tf.softmax(logits), features, tf.reverse(clamped, 3)];
      });
      const [p, features, rgb] = await Promise.all(byHand.map((tensor) => tensor.data()));
      const prediction = defense.predict(pixels);
      const predicted = await prediction.data();
      for (let i = 0; i < 3; i++) {
        for (const [j, label] of MAP.entries())
          expect(predicted[i * 4 + label]).toBeCloseTo(p![i * 4 + j]!, 6);
      }
      const seen = defense.features(pixels);
      expect(await seen.data()).toEqual(features);
      expect(shown).toEqual(rgb);

      tf.dispose([pixels, purified, prediction, seen, byHand]);
      defense.dispose();
      trainer.dispose();
      victim.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});
