import { augmentBytes, streamWords, type Augmentation } from '../../../data/augment';
import { tf } from '../../tf';
import { poison, relativeError } from '../reference/check';
import { seededBytes } from '../reference/seededBytes';
import type { OwnKernel } from '../registry';
import { augmentKernel, type AugmentAttrs } from './kernel';
import { AUGMENT } from './names';
import { packedWords } from './packedWords';

const KINDS: readonly Augmentation[] = ['none', 'flip', 'official'];
const [COUNT, HEIGHT, WIDTH, SEED] = [9, 7, 5, 3];

async function errorOf(augmentation: Augmentation): Promise<number> {
  const size = COUNT * HEIGHT * WIDTH * 3;
  const images = {
    bytes: seededBytes(size, 31),
    streams: streamWords(
      Array.from({ length: COUNT }, (_, i) => i),
      2 ** 32 - 4,
    ),
  };
  const attrs: AugmentAttrs = { count: COUNT, height: HEIGHT, width: WIDTH, augmentation, seed: SEED };
  await poison(size, 8 * COUNT);
  const pixels = tf.tidy(() => {
    const bytes = tf.tensor1d(packedWords(images.bytes), 'int32');
    const ids = tf.tensor2d(images.streams, [COUNT, 2], 'int32');
    return tf.engine().runKernel<tf.Tensor4D>(AUGMENT, { bytes, ids }, { ...attrs });
  });
  const values = await pixels.data();
  pixels.dispose();
  return relativeError(values, augmentBytes(images, HEIGHT, WIDTH, augmentation, SEED));
}

/** Bytes to augmented images, with random numbers drawn on the device. */
export const augmentOwnKernel: OwnKernel = {
  name: AUGMENT,
  run: (host, { bytes, ids }, attrs) =>
    bytes && ids ? augmentKernel(host, bytes, ids, attrs as unknown as AugmentAttrs) : null,
  async check() {
    const errors: number[] = [];
    for (const kind of KINDS) errors.push(await errorOf(kind));
    return Math.max(...errors);
  },
};
