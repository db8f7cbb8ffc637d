import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../tests/setup/ownKernels';
import { augmentBatch, type Augmentation } from '../../data/augment';
import { epochOrder } from '../../data/batches';
import type { ImageSplit } from '../../data/dataset';
import { toUnitFloats } from '../../data/pixels';
import { PURPOSE, RandomStream } from '../../data/random';
import { DeviceBatches } from '../kernels/augment/deviceBatches';
import { poison } from '../kernels/reference/check';
import { seededBytes } from '../kernels/reference/seededBytes';
import { tf } from '../tf';
import { BatchSource } from './batchSource';

const [COUNT, BATCH, HEIGHT, WIDTH, SEED] = [23, 6, 11, 9, 12];
const SIZE = HEIGHT * WIDTH * 3;

ownKernels();

const stored = seededBytes(COUNT * SIZE, 40);
const split: ImageSplit = {
  count: COUNT,
  labels: null,
  read: (indices) =>
    Promise.resolve(
      Uint8Array.from({ length: indices.length * SIZE }, (_, at) => {
        return stored[indices[Math.floor(at / SIZE)]! * SIZE + (at % SIZE)]!;
      }),
    ),
};

describe.each<Augmentation>(['none', 'flip', 'official'])('batches, %s', (augmentation) => {
  const source = new BatchSource(
    split,
    { height: HEIGHT, width: WIDTH },
    { batchSize: BATCH, augmentation },
    SEED,
  );
  const steps = [0, 2, 3, 7]; // three steps an epoch: epochs 0, 0, 1, 2

  it('draws each image from the stream of its epoch and its place in the data set', async () => {
    for (const step of steps) {
      const epoch = Math.floor(step / 3);
      const start = (step % 3) * BATCH;
      const indices = epochOrder(COUNT, SEED, epoch).slice(start, start + BATCH);
      const batch = await source.batch(step);
      expect([...Array.from(batch.indices)]).toEqual([...indices]);
      const floats = toUnitFloats(await split.read(indices));
      const streams = (i: number) => new RandomStream(SEED, PURPOSE.augment, epoch * COUNT + indices[i]!);
      expect(batch.pixels).toEqual(augmentBatch(floats, BATCH, HEIGHT, WIDTH, augmentation, streams));
    }
  });

  it('gives the device bytes that become the same pixels', async () => {
    const device = new DeviceBatches({ count: BATCH, height: HEIGHT, width: WIDTH }, augmentation, SEED);
    expect(device.onDevice).toBe(true);
    for (const step of steps) {
      const [images, batch] = [await source.bytesOf(step), await source.batch(step)];
      expect([...Array.from(images.indices)]).toEqual([...Array.from(batch.indices)]);
      await poison(BATCH * SIZE);
      const pixels = device.upload(images);
      const values = await pixels.data();
      pixels.dispose();
      const errors = Array.from(values, (value, i) => Math.abs(value - batch.pixels[i]!));
      expect(errors.length).toBe(BATCH * SIZE);
      expect(errors.every((error) => error <= (augmentation === 'official' ? 1e-6 : 0))).toBe(true);
    }
    device.dispose();
    expect(tf.memory().numTensors).toBe(0);
  });
});
