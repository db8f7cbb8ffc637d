import { tf } from '../../tf';
import type { KernelHost } from '../host';
import { poison, relativeError, seededValues } from '../reference/check';
import type { OwnKernel } from '../registry';
import { columnSum, MIDDLE_ROWS, middleSum } from './kernel';

/**
 * Sum or mean over leading axes, or over a few middle ones; null for other axes, where the stock kernel needs no transpose or
 * must do one.
 */
function reduce(
  host: KernelHost,
  x: tf.TensorInfo | undefined,
  attrs: tf.NamedAttrMap,
  mean: boolean,
): tf.TensorInfo | null {
  if (x?.dtype !== 'float32') return null;
  const axes = tf.util.parseAxisParam(attrs['axis'] as number | number[], x.shape).sort((a, b) => a - b);
  const [first = 0] = axes;
  const end = first + axes.length;
  const neighbours = axes.every((axis, index) => axis === first + index);
  const sizes = [x.shape.slice(0, first), x.shape.slice(first, end), x.shape.slice(end)] as const;
  const [outer, rows, columns] = [size(sizes[0]), size(sizes[1]), size(sizes[2])];
  if (axes.length === 0 || !neighbours || end === x.shape.length || outer * rows * columns === 0) return null;
  if (first > 0 && rows > MIDDLE_ROWS) return null;
  const scale = mean ? 1 / rows : 1;
  const sum =
    first === 0
      ? columnSum(host, x, rows, columns, scale)
      : middleSum(host, x, [outer, rows, columns], scale);
  const shape = [...sizes[0], ...(attrs['keepDims'] ? axes.map(() => 1) : []), ...sizes[2]];
  return { dataId: sum.dataId, dtype: 'float32', shape };
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Over the leading axes of one tensor and the middle ones of another; the larger error. */
async function check(mean: boolean): Promise<number> {
  return Math.max(await checkAxes(mean, [1, 133, 7]), await checkAxes(mean, [3, 35, 12]));
}

async function checkAxes(
  mean: boolean,
  [outer, rows, columns]: readonly [number, number, number],
): Promise<number> {
  const xs = seededValues(outer * rows * columns, 5);
  await poison(outer * columns, 12 * columns);
  const y = tf.tidy(() => {
    // 133 and 35 are multiples of 7: two axes are reduced at once.
    const x = tf.tensor4d(xs, [outer, 7, rows / 7, columns]);
    const [images, axes] = outer === 1 ? [tf.squeeze(x, [0]), [0, 1]] : [x, [1, 2]];
    return mean ? tf.mean(images, axes) : tf.sum(images, axes);
  });
  const values = await y.data();
  y.dispose();
  const expected = new Float64Array(outer * columns);
  xs.forEach((value, index) => {
    const at = Math.floor(index / (rows * columns)) * columns + (index % columns);
    expected[at] = (expected[at] ?? 0) + value / (mean ? rows : 1);
  });
  return relativeError(values, expected);
}

/** tfjs's Sum over leading or middle axes. */
export const sumKernel: OwnKernel = {
  name: 'Sum',
  run: (host, { x }, attrs) => reduce(host, x, attrs, false),
  check: () => check(false),
};

/** tfjs's Mean over leading or middle axes. */
export const meanKernel: OwnKernel = {
  name: 'Mean',
  run: (host, { x }, attrs) => reduce(host, x, attrs, true),
  check: () => check(true),
};
