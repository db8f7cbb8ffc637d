import { tf } from '../../tf';
import { poison, relativeError, seededValues } from '../reference/check';
import type { OwnKernel } from '../registry';
import { clampGradient, normalizePixels } from './kernel';
import { CLAMP_GRADIENT, NORMALIZE_PIXELS } from './names';
import { clampToUnit, normalizeChannels } from './pixels';

const SHAPE: [number, number, number, number] = [2, 3, 7, 3];
const SIZE = 126;
const [MEAN, STD] = [
  [0.5, 0.25, 0.125],
  [0.5, 2, 0.25],
];

async function values(make: () => tf.Tensor): Promise<Float32Array> {
  await poison(SIZE);
  const tensor = tf.tidy(make);
  const data = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return data;
}

/** Normalisation of images and its gradient. */
export const normalizePixelsKernel: OwnKernel = {
  name: NORMALIZE_PIXELS,
  run: (host, { x, mean, std }) => (x && std ? normalizePixels(host, x, mean, std) : null),
  async check() {
    const [xs, gs] = [seededValues(SIZE, 21), seededValues(SIZE, 22)];
    // Made outside of what is differentiated: the gradient reads them after the forward pass's tidy is over.
    const normal = (): ((x: tf.Tensor) => tf.Tensor) => {
      const [mean, std] = [tf.tensor1d(MEAN), tf.tensor1d(STD)];
      return (x) => normalizeChannels(x as tf.Tensor4D, mean, std);
    };
    const y = await values(() => normal()(tf.tensor4d(xs, SHAPE)));
    const dx = await values(() => tf.grad(normal())(tf.tensor4d(xs, SHAPE), tf.tensor4d(gs, SHAPE)));
    const std = (i: number): number => STD[i % 3] ?? Number.NaN;
    return Math.max(
      relativeError(
        y,
        xs.map((x, i) => (x - (MEAN[i % 3] ?? Number.NaN)) / std(i)),
      ),
      relativeError(
        dx,
        gs.map((g, i) => g / std(i)),
      ),
    );
  },
};

/** The gradient of the clamp to [0,1]. */
export const clampGradientKernel: OwnKernel = {
  name: CLAMP_GRADIENT,
  run: (host, { dy, x }) => (dy && x ? clampGradient(host, dy, x) : null),
  async check() {
    // Quarters from -2 to 1.75: the ends are among them.
    const xs = seededValues(SIZE, 23).map((value) => Math.floor(value * 8) / 4);
    const gs = seededValues(SIZE, 24);
    const clamp = (x: tf.Tensor): tf.Tensor => clampToUnit(x as tf.Tensor4D);
    const dx = await values(() => tf.grad(clamp)(tf.tensor4d(xs, SHAPE), tf.tensor4d(gs, SHAPE)));
    return relativeError(
      dx,
      gs.map((g, i) => ((xs[i] ?? -1) >= 0 && (xs[i] ?? -1) <= 1 ? g : 0)),
    );
  },
};
