import { tf } from '../../tf';
import type { KernelHost } from '../host';
import { poison, relativeError, seededValues } from '../reference/check';
import type { OwnKernel } from '../registry';
import { columnSum } from './kernel';

/** Sum or mean over the leading axes; null for other axes, where the stock kernel needs no transpose or must do one. */
function reduce(
  host: KernelHost,
  x: tf.TensorInfo | undefined,
  attrs: tf.NamedAttrMap,
  mean: boolean,
): tf.TensorInfo | null {
  if (x?.dtype !== 'float32') return null;
  const axes = tf.util.parseAxisParam(attrs['axis'] as number | number[], x.shape).sort((a, b) => a - b);
  const leading =
    axes.length > 0 && axes.length < x.shape.length && axes.every((axis, index) => axis === index);
  const rows = tf.util.sizeFromShape(x.shape.slice(0, axes.length));
  const rest = x.shape.slice(axes.length);
  const columns = tf.util.sizeFromShape(rest);
  if (!leading || rows === 0 || columns === 0) return null;
  const sum = columnSum(host, x, rows, columns, mean ? 1 / rows : 1);
  const shape = attrs['keepDims'] ? [...axes.map(() => 1), ...rest] : rest;
  return { dataId: sum.dataId, dtype: 'float32', shape };
}

async function check(mean: boolean): Promise<number> {
  const [rows, columns] = [133, 7];
  const xs = seededValues(rows * columns, 5);
  await poison(columns, 12 * columns);
  const y = tf.tidy(() => {
    const x = tf.tensor3d(xs, [7, 19, columns]);
    return mean ? tf.mean(x, [0, 1]) : tf.sum(x, [0, 1]);
  });
  const values = await y.data();
  y.dispose();
  const expected = new Float64Array(columns);
  xs.forEach((value, index) => {
    expected[index % columns] = (expected[index % columns] ?? 0) + value / (mean ? rows : 1);
  });
  return relativeError(values, expected);
}

/** tfjs's Sum over leading axes. */
export const sumKernel: OwnKernel = {
  name: 'Sum',
  run: (host, { x }, attrs) => reduce(host, x, attrs, false),
  check: () => check(false),
};

/** tfjs's Mean over leading axes. */
export const meanKernel: OwnKernel = {
  name: 'Mean',
  run: (host, { x }, attrs) => reduce(host, x, attrs, true),
  check: () => check(true),
};
