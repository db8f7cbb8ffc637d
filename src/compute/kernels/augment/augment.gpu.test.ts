import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../../tests/setup/ownKernels';
import { augmentBytes, streamWords, type Augmentation } from '../../../data/augment';
import { centralCrop, cropParameters } from '../../../data/cropParameters';
import { PURPOSE, RandomStream } from '../../../data/random';
import { tf } from '../../tf';
import { Plan } from '../../plan/plan';
import { poison } from '../reference/check';
import { seededBytes } from '../reference/seededBytes';
import { hostOf, switchOff } from '../registry';
import { DeviceBatches } from './deviceBatches';
import { augmentKernel, drawAugmentation } from './kernel';
import { AUGMENT } from './names';
import { packedWords } from './packedWords';
import { pixelsInto } from './pixelsInto';

const gpu = ownKernels();

type Size = readonly [count: number, height: number, width: number];

function batchOf([count, height, width]: Size, first = 0) {
  const indices = Array.from({ length: count }, (_, i) => i);
  return { bytes: seededBytes(count * height * width * 3, 5), streams: streamWords(indices, first) };
}

async function onDevice([count, height, width]: Size, augmentation: Augmentation, seed: number, first = 0) {
  const images = batchOf([count, height, width], first);
  await poison(count * height * width * 3, 8 * count);
  const bytes = tf.tensor1d(packedWords(images.bytes), 'int32');
  const ids = tf.tensor2d(images.streams, [count, 2], 'int32');
  const info = augmentKernel(gpu.open.backend, bytes, ids, { count, height, width, augmentation, seed });
  const pixels = tf.engine().makeTensorFromTensorInfo(info);
  const values = (await pixels.data()) as Float32Array;
  tf.dispose([bytes, ids, pixels]);
  expect(gpu.problems).toEqual([]);
  return { values, expected: augmentBytes(images, height, width, augmentation, seed) };
}

function worst(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => {
    const error = Math.abs(value - b[i]!);
    return error <= most ? most : error; // NaN stays
  }, 0);
}

const SIZES: readonly Size[] = [
  [1, 1, 1],
  [1, 32, 32],
  [67, 28, 28],
  [64, 33, 33],
  [33, 31, 40],
  [33, 45, 32],
  [5, 9, 70], // only the fallback fits
  [5, 70, 9],
  [3, 224, 224],
];

describe('augmentation on the device', () => {
  it('turns every byte into the float the CPU has', async () => {
    const bytes = tf.tensor1d(packedWords(Uint8Array.from({ length: 258 }, (_, i) => i % 256)), 'int32');
    const attrs = { count: 1, height: 1, width: 86, augmentation: 'none' as const, seed: 0 };
    await poison(258);
    const pixels = tf.engine().makeTensorFromTensorInfo(augmentKernel(gpu.open.backend, bytes, bytes, attrs));
    expect(await pixels.data()).toEqual(Float32Array.from({ length: 258 }, (_, i) => (i % 256) / 255));
    tf.dispose([bytes, pixels]);
  });

  it.each(SIZES)('%i of %i x %i: the CPU’s images', async (...size) => {
    for (const seed of [0, 666, -7]) {
      for (const kind of ['none', 'flip'] as const) {
        const { values, expected } = await onDevice(size, kind, seed, 11);
        expect(worst(values, expected)).toBe(0);
      }
      const { values, expected } = await onDevice(size, 'official', seed, 2 ** 32 - 20);
      expect(worst(values, expected)).toBeLessThan(1e-6);
    }
  });

  it('flips half of the images and greys a fifth', async () => {
    const size = [4000, 3, 4] as const;
    const { values: flipped } = await onDevice(size, 'flip', 1);
    const { values: plain } = await onDevice(size, 'none', 1);
    const { values: official } = await onDevice(size, 'official', 1);
    let [mirrored, grey] = [0, 0];
    for (let at = 0; at < plain.length; at += 36) {
      if (flipped[at] !== plain[at] || flipped[at + 3] !== plain[at + 3]) mirrored++;
      const image = official.subarray(at, at + 36);
      if (image.every((value, k) => value === image[k - (k % 3)])) grey++;
    }
    expect(Math.abs(mirrored / 4000 - 0.5)).toBeLessThan(0.03); // 3.8 standard deviations
    expect(Math.abs(grey / 4000 - 0.2)).toBeLessThan(0.025);
  });
});

describe('crop windows on the device', () => {
  it.each([
    [32, 32],
    [28, 28],
    [33, 47],
    [64, 48],
    [224, 224],
    [640, 481],
    [30, 11],
  ])('%i x %i: the same windows as the CPU’s, 20 000 of them', async (height, width) => {
    const count = 20_000;
    const windows = await drawnWindows(count, height, width, 77);
    const wrong: number[] = [];
    for (let i = 0; i < count; i++) {
      const crop = cropParameters(height, width, new RandomStream(77, PURPOSE.augment, i));
      const want = [crop.top, crop.left, crop.height, crop.width];
      if (want.some((value, k) => windows[8 * i + k] !== value)) wrong.push(i);
    }
    expect(wrong).toEqual([]);
  });

  it('has the fallback where no draw fits', async () => {
    const { top, left, height, width } = centralCrop(9, 300);
    expect([...(await drawnWindows(1, 9, 300, 5)).slice(0, 4)]).toEqual([top, left, height, width]);
  });
});

describe('DeviceBatches', () => {
  const size = { count: 5, height: 6, width: 7 };
  const first = batchOf([5, 6, 7], 0);
  const second = { bytes: seededBytes(5 * 6 * 7 * 3, 8), streams: streamWords([4, 2, 9, 1, 7], 300) };
  const want = (images: typeof first) => augmentBytes(images, 6, 7, 'official', 4);

  /** Writes twice before anything is read, which must not mix the two batches up. */
  async function twice(batches: DeviceBatches) {
    const before = tf.memory().numTensors;
    const one = tf.tidy(() => tf.add(batches.upload(first), 0));
    const two = batches.upload(second);
    expect(worst((await one.data()) as Float32Array, want(first))).toBeLessThan(1e-6);
    expect(worst((await two.data()) as Float32Array, want(second))).toBeLessThan(1e-6);
    tf.dispose([one, two]);
    return [before, tf.memory().numTensors];
  }

  it('keeps its buffers, and each batch to itself', async () => {
    const start = [tf.memory().numTensors, gpu.open.backend.numDataIds()];
    const batches = new DeviceBatches(size, 'official', 4);
    expect(batches.onDevice).toBe(true);
    await twice(batches);
    const [before, after] = await twice(batches);
    expect(after).toBe(before);
    batches.dispose();
    expect([tf.memory().numTensors, gpu.open.backend.numDataIds()]).toEqual(start);
    expect(gpu.problems).toEqual([]);
  });

  /** Lays `pixels()` out once and replays it for one batch after the other. */
  async function replayed(batches: DeviceBatches) {
    const bytes = first.bytes.length * 4;
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const target = gpu.open.device.createBuffer({ size: bytes, usage: STORAGE | COPY_SRC | COPY_DST });
    const { operations, placed } = pixelsInto(gpu.open.backend, batches, target);
    const plan = new Plan(gpu.open.device, [operations], placed);
    for (const images of [first, second, first]) {
      const read = gpu.open.device.createBuffer({ size: bytes, usage: MAP_READ | COPY_DST });
      batches.write(images);
      plan.run([0], (encoder) => encoder.copyBufferToBuffer(target, 0, read, 0, bytes));
      await read.mapAsync(GPUMapMode.READ);
      expect(worst(new Float32Array(read.getMappedRange().slice(0)), want(images))).toBeLessThan(1e-6);
      read.destroy();
    }
    plan.dispose();
    target.destroy();
  }

  it('is recorded once and replayed', async () => {
    const start = [tf.memory().numTensors, gpu.open.backend.numDataIds()];
    const batches = new DeviceBatches(size, 'official', 4);
    await replayed(batches);
    batches.dispose();
    expect([tf.memory().numTensors, gpu.open.backend.numDataIds()]).toEqual(start);
    expect(gpu.problems).toEqual([]);
  });

  it('refuses a batch of another size', () => {
    const batches = new DeviceBatches(size, 'none', 4);
    expect(() => batches.write(batchOf([4, 6, 7]))).toThrow('4 images where 5');
    batches.dispose();
  });

  it('takes bytes from the middle of a buffer', async () => {
    const bytes = new Uint8Array(first.bytes.length + 3);
    bytes.set(first.bytes, 3);
    const batches = new DeviceBatches(size, 'official', 4);
    const pixels = batches.upload({ bytes: bytes.subarray(3), streams: first.streams });
    expect(worst((await pixels.data()) as Float32Array, want(first))).toBeLessThan(1e-6);
    pixels.dispose();
    batches.dispose();
  });

  // Last: a kernel that is off stays off on this device.
  it('has the CPU augment where the kernel is off', async () => {
    switchOff(gpu.open.backend, AUGMENT);
    expect(hostOf(AUGMENT)).toBeNull();
    const start = [tf.memory().numTensors, gpu.open.backend.numDataIds()];
    const batches = new DeviceBatches(size, 'official', 4);
    expect(batches.onDevice).toBe(false);
    await twice(batches);
    const [before, after] = await twice(batches);
    expect(after).toBe(before);
    await replayed(batches);
    batches.dispose();
    expect([tf.memory().numTensors, gpu.open.backend.numDataIds()]).toEqual(start);
    expect(gpu.problems).toEqual([]);
  });
});

/** What is drawn for `count` images of one size, [count, 8]. */
async function drawnWindows(count: number, height: number, width: number, seed: number) {
  const streams = streamWords(
    Array.from({ length: count }, (_, i) => i),
    0,
  );
  const ids = tf.tensor2d(streams, [count, 2], 'int32');
  await poison(8 * count);
  const attrs = { count, height, width, augmentation: 'official' as const, seed };
  const drawn = tf.engine().makeTensorFromTensorInfo(drawAugmentation(gpu.open.backend, ids, attrs));
  const values = (await drawn.data()) as Float32Array;
  tf.dispose([ids, drawn]);
  return values;
}
