import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureFile } from '../../../tests/setup/inputFile';
import { openDevice, type OpenDevice } from '../../compute/device/device';
import { tf } from '../../compute/tf';
import { victimOf } from '../../compute/victim/victim';
import { loadModel } from './loadModel';

// A dropped Keras or TensorFlow.js file becomes a victim as any other does.
describe('models that describe themselves', () => {
  let device: OpenDevice;
  beforeAll(async () => {
    device = await openDevice();
  });
  afterAll(() => device.close());

  it.each([
    ['functional_keras3.keras', [], 7, 'Keras'],
    ['tfjs_graph/model.json', ['group1-shard1of1.bin'], 5, 'TensorFlow.js graph'],
  ] as const)('%s', async (name, shards, classes, label) => {
    const folder = `keras/${name.slice(0, name.lastIndexOf('/') + 1)}`;
    const beside = await Promise.all(shards.map((shard) => fixtureFile(folder + shard)));
    const model = await loadModel(await fixtureFile(`keras/${name}`), beside);
    expect(model.summary).toMatchObject({ classes, verdict: 'can-be-defended', architecture: 'graph' });
    expect(model.summary.architectureLabel).toContain(label);
    expect(model.summary.layers.at(-1)!.outputShape).toEqual([classes]);
    const [height, width] = model.summary.inputShape!;
    const victim = victimOf(model.build(), {
      normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
      channelOrder: 'RGB',
    });
    const pixels = tf.randomUniform<tf.Rank.R4>([3, height!, width!, 3], 0, 1, 'float32', 4);
    const { logits, features } = victim.forwardPixels(pixels);
    expect(logits.shape).toEqual([3, classes]);
    const slope = tf.grad((x: tf.Tensor) => tf.sum(tf.square(victim.forwardPixels(x as tf.Tensor4D).logits)))(
      pixels,
    );
    const most = (await tf.max(tf.abs(slope)).data())[0]!;
    expect(most).toBeGreaterThan(0);
    expect(Number.isFinite(most)).toBe(true);
    tf.dispose([pixels, logits, features, slope]);
    victim.dispose();
  });
});
