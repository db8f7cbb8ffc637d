import { tf } from '../../tf';
import { poison, relativeError, seededValues } from '../reference/check';
import type { OwnKernel } from '../registry';
import { dropout } from './dropout';
import { runDropout } from './kernel';
import { dropoutMask, type DropoutKey } from './mask';
import { DROPOUT } from './names';

const KEY: DropoutKey = { seed: 0xfedcba98, step: 70_001, layer: 3 };
/** No whole number of the generator's blocks. */
const SHAPE = [3, 7, 11];
const SIZE = 231;
const RATE = 0.3;

/** Dropout with masks of the counter-based generator. */
export const dropoutKernel: OwnKernel = {
  name: DROPOUT,
  run(host, { x }, { seed, step, layer, rate }) {
    if (!x) return null;
    const key = { seed: seed as number, step: step as number, layer: layer as number };
    return runDropout(host, x, key, rate as number);
  },
  async check() {
    const xs = seededValues(SIZE, 31);
    await poison(SIZE);
    const y = tf.tidy(() => dropout(tf.tensor(xs, SHAPE), RATE, KEY));
    const data = (await y.data()) as Float32Array;
    y.dispose();
    const mask = dropoutMask(KEY, RATE, SIZE);
    return relativeError(
      data,
      xs.map((x, i) => x * (mask[i] ?? Number.NaN)),
    );
  },
};
