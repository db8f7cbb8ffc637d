import { tf } from '../../tf';
import { poison, relativeError, seededValues } from '../reference/check';
import { maxPoolReference } from '../reference/maxPool';
import type { OwnKernel } from '../registry';
import { poolGeometry, type PoolGeometry, type PoolWindow } from './geometry';
import { poolGradient, poolMaxima, poolPlaces } from './kernel';
import { maxPool2d } from './maxPool';
import { MAX_POOL, MAX_POOL_GRADIENT, MAX_POOL_PLACES } from './names';

function geometryOf(shape: readonly number[], attrs: tf.NamedAttrMap): PoolGeometry | null {
  const [size, stride, pad] = [attrs['size'], attrs['stride'], attrs['pad']];
  return poolGeometry(shape, { size: size as number, stride: stride as number, pad: pad as number });
}

/** The maxima of `maxPool2d`. */
export const maxPoolKernel: OwnKernel = {
  name: MAX_POOL,
  run(host, { x }, attrs) {
    const geometry = x ? geometryOf(x.shape, attrs) : null;
    return x && geometry ? poolMaxima(host, x, geometry) : null;
  },
  check: () => checked('y', maxPool2d),
};

/** Where they stand. */
export const maxPoolPlacesKernel: OwnKernel = {
  name: MAX_POOL_PLACES,
  run(host, { x }, attrs) {
    const geometry = x ? geometryOf(x.shape, attrs) : null;
    return x && geometry ? poolPlaces(host, x, geometry) : null;
  },
  check: () => checked('dx', maxPool2d),
};

/** Its gradient. */
export const maxPoolGradientKernel: OwnKernel = {
  name: MAX_POOL_GRADIENT,
  run(host, { dy, places }, attrs) {
    const geometry = geometryOf(attrs['inputShape'] as number[], attrs);
    return dy && places && geometry ? poolGradient(host, dy, places, geometry) : null;
  },
  check: () => checked('dx', maxPool2d),
};

/** tfjs's MaxPoolGrad, for who pools with tfjs's op: ties go to the first maximum there too (the stock kernel: to the last). */
export const stockMaxPoolGradKernel: OwnKernel = {
  name: 'MaxPoolGrad',
  run(host, { dy, input }, attrs) {
    const window = squareWindow(attrs);
    if (dy?.dtype !== 'float32' || input?.dtype !== 'float32' || !window) return null;
    const geometry = poolGeometry(input.shape, window);
    if (!geometry || dy.shape[1] !== geometry.outHeight || dy.shape[2] !== geometry.outWidth) return null;
    const places = poolPlaces(host, input, geometry);
    const dx = poolGradient(host, dy, places, geometry);
    host.disposeData(places.dataId);
    return dx;
  },
  check: () =>
    checked('dx', (x, size, stride, pad) =>
      tf.maxPool(x, size, stride, pad === 0 ? 'valid' : pad, pad === 0 ? undefined : 'floor'),
    ),
};

function squareWindow(attrs: tf.NamedAttrMap): PoolWindow | null {
  const side = (value: unknown): number | null => {
    const [a, b] = Array.isArray(value) ? (value as unknown[]) : [value, value];
    return typeof a === 'number' && a === b ? a : null;
  };
  const [size, stride] = [side(attrs['filterSize']), side(attrs['strides'])];
  const pad = attrs['pad'] === 'valid' ? 0 : attrs['pad'];
  return size !== null && stride !== null && typeof pad === 'number' ? { size, stride, pad } : null;
}

type Pool = (x: tf.Tensor4D, size: number, stride: number, pad: number) => tf.Tensor4D;

/** The worst error of the networks' two kinds of window, by itself and overlapping, on a small image with many ties. */
async function checked(part: 'y' | 'dx', pool: Pool): Promise<number> {
  const errors: number[] = [];
  for (const [size, stride, pad, channels] of [
    [2, 2, 0, 4],
    [3, 2, 1, 3],
  ] as const) {
    const shape: [number, number, number, number] = [2, 5, 7, channels];
    const [rows, columns] = [5, 7].map((side) => Math.floor((side + 2 * pad - size) / stride) + 1) as [
      number,
      number,
    ];
    // Few distinct values, all negative: padding must not win.
    const xs = seededValues(70 * channels, 10).map((value) => Math.round(value * 2) - 3);
    const gs = seededValues(2 * rows * columns * channels, 11);
    await poison(xs.length, gs.length, rows * columns * 2);
    const result = tf.tidy(() => {
      const f = (x: tf.Tensor): tf.Tensor => pool(x as tf.Tensor4D, size, stride, pad);
      const x = tf.tensor4d(xs, shape);
      return part === 'y' ? f(x) : tf.grad(f)(x, tf.tensor4d(gs, [2, rows, columns, channels]));
    });
    const reference = maxPoolReference(xs, gs, shape, { size, stride, pad });
    errors.push(relativeError(await result.data(), reference[part]));
    result.dispose();
  }
  return Math.max(...errors);
}
