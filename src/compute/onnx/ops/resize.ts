import { product } from '../../nn/ops/dense';
import { tf } from '../../tf';
import type { NodeCall } from '../nodeCall';
import type { RunCall } from '../runCall';
import { OnnxProblem, type Known, type Operator } from '../types';

/** How one axis is resized. */
interface AxisResize {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

interface Resizing {
  readonly rows: AxisResize;
  readonly columns: AxisResize;
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubic: number;
  readonly excludeOutside: boolean;
}

const COORDINATES = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'];
const NEAREST = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

function resizingOf(call: NodeCall): Resizing {
  const { shape } = call.input(0);
  const old = call.node.opType === 'Upsample' || call.opset < 11;
  const choice = (name: string, otherwise: string, allowed: readonly string[]): string => {
    const value = call.text(name, otherwise);
    if (!allowed.includes(value)) throw new OnnxProblem(`has ${name} ${value}, which is not supported`);
    return value;
  };
  if (shape.length !== 4) throw new OnnxProblem(`resizes a value of rank ${shape.length}`);
  if (call.int('antialias', 0) === 1)
    throw new OnnxProblem('resizes with antialiasing, which is not supported');
  if (call.numbers('axes')) throw new OnnxProblem('names the axes it resizes, which is not supported');
  const given = old
    ? (call.numbers('scales') ?? call.optionalHost(1, 'scales')?.data)
    : call.optionalHost(2, 'scales')?.data;
  const sizes = old ? undefined : call.optionalHost(3, 'sizes')?.data;
  const axis = (i: number): AxisResize => {
    const from = shape[i] ?? 1;
    if (sizes && sizes.length > 0) return { from, to: sizes[i] ?? from, scale: (sizes[i] ?? from) / from };
    const scale = given?.[i] ?? 1;
    return { from, to: Math.floor(from * scale), scale };
  };
  for (const i of [0, 1]) if (axis(i).to !== axis(i).from) throw new OnnxProblem('resizes batch or channels');
  const [rows, columns] = [axis(2), axis(3)];
  for (const { to } of [rows, columns])
    if (!(to >= 1 && to <= 16_384)) throw new OnnxProblem(`resizes to ${to} rows or columns`);
  const mode = choice('mode', 'nearest', ['nearest', 'linear', 'cubic']);
  return {
    rows,
    columns,
    mode,
    coordinates: old ? 'asymmetric' : choice('coordinate_transformation_mode', 'half_pixel', COORDINATES),
    nearest: old ? 'floor' : choice('nearest_mode', 'round_prefer_floor', NEAREST),
    cubic: call.float('cubic_coeff_a', -0.75),
    excludeOutside: call.int('exclude_outside', 0) === 1,
  };
}

/** Where the middle of output `o` lies among the inputs. */
function sourceOf(o: number, { from, to, scale }: AxisResize, coordinates: string): number {
  switch (coordinates) {
    case 'align_corners':
      return to === 1 ? 0 : (o * (from - 1)) / (to - 1);
    case 'asymmetric':
      return o / scale;
    case 'pytorch_half_pixel':
      return to === 1 ? 0 : (o + 0.5) / scale - 0.5;
    default:
      return (o + 0.5) / scale - 0.5;
  }
}

function nearestOf(x: number, mode: string): number {
  switch (mode) {
    case 'floor':
      return Math.floor(x);
    case 'ceil':
      return Math.ceil(x);
    case 'round_prefer_ceil':
      return Math.floor(x + 0.5);
    default:
      return Math.ceil(x - 0.5);
  }
}

/** Keys's cubic kernel with parameter `a`. */
function cubicWeight(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

/** What each output takes of each input, [to, from]: any interpolation along one axis is a product with this. */
export function resizeShares(
  axis: AxisResize,
  { mode, coordinates, nearest, cubic, excludeOutside }: Resizing,
): Float32Array {
  const { from, to } = axis;
  const shares = new Float32Array(to * from);
  const add = (o: number, i: number, weight: number): void => {
    const at = o * from + Math.max(0, Math.min(from - 1, i));
    shares[at] = (shares[at] ?? 0) + weight;
  };
  for (let o = 0; o < to; o++) {
    const x = sourceOf(o, axis, coordinates);
    const low = Math.floor(x);
    if (mode === 'nearest') add(o, nearestOf(x, nearest), 1);
    else if (mode === 'linear') {
      const inside = Math.max(0, Math.min(from - 1, x));
      const left = Math.floor(inside);
      add(o, left, 1 - (inside - left));
      add(o, left + 1, inside - left);
    } else {
      const taps = [low - 1, low, low + 1, low + 2].filter((i) => !excludeOutside || (i >= 0 && i < from));
      const weights = taps.map((i) => cubicWeight(x - i, cubic));
      const total = excludeOutside ? weights.reduce((sum, weight) => sum + weight, 0) : 1;
      taps.forEach((i, k) => add(o, i, (weights[k] ?? 0) / total));
    }
  }
  return shares;
}

/** An axis of NHWC images, as a product with the shares. */
function along(call: RunCall, x: tf.Tensor4D, at: 1 | 2, axis: AxisResize, how: Resizing): tf.Tensor4D {
  if (axis.from === axis.to && axis.scale === 1) return x;
  const shares = call.keep(`shares ${at} ${axis.from} ${axis.to}`, () =>
    tf.tensor2d(resizeShares(axis, how), [axis.to, axis.from]),
  );
  const order = at === 1 ? [1, 0, 2, 3] : [2, 0, 1, 3];
  const back = at === 1 ? [1, 0, 2, 3] : [1, 2, 0, 3];
  const front: tf.Tensor4D = tf.transpose(x, order);
  const [, ...rest] = front.shape;
  const mixed = product(shares, tf.reshape(front, [axis.from, x.size / axis.from]));
  return tf.transpose(tf.reshape(mixed, [axis.to, ...rest] as [number, number, number, number]), back);
}

const resize: Operator = {
  infer: (call): Known[] => {
    const { rows, columns } = resizingOf(call);
    const [n = 1, c = 1] = call.input(0).shape;
    return [{ shape: [n, c, rows.to, columns.to], kind: 'float', host: null }];
  },
  run: (call) => {
    const how = resizingOf(call.known);
    const x = call.images(0);
    const y = along(call, along(call, x, 1, how.rows, how), 2, how.columns, how);
    return [call.giveImages(y === x ? x.clone() : y)];
  },
};

export const RESIZES: Readonly<Record<string, Operator>> = { Resize: resize, Upsample: resize };
