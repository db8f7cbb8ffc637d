import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../../tests/setup/ownKernels';
import { tf } from '../../tf';
import { convGeometry } from '../conv2d/geometry';
import { poison, relativeError, seededValues } from '../reference/check';
import {
  conv2dFilterGradientReference,
  conv2dInputGradientReference,
  conv2dReference,
} from '../reference/conv2d';
import { concatConv2d } from './concatConv';

const gpu = ownKernels();

type Shape = [number, number, number, number];

/** [N,H,W,a+b] as its first a and its last b channels. */
function parted(values: ArrayLike<number>, a: number, b: number): [Float32Array, Float32Array] {
  const pixels = values.length / (a + b);
  const take = (from: number, count: number): Float32Array =>
    Float32Array.from({ length: pixels * count }, (_, i) => {
      return values[Math.floor(i / count) * (a + b) + from + (i % count)]!;
    });
  return [take(0, a), take(a, b)];
}

const cases: [
  name: string,
  n: number,
  h: number,
  w: number,
  a: number,
  b: number,
  co: number,
  k: number,
  s: 1 | 2,
][] = [
  ['3x3, equal parts', 2, 8, 8, 8, 8, 8, 3, 1],
  ['3x3, odd sizes and channels, one of them alone', 1, 5, 7, 1, 6, 5, 3, 1],
  ['3x3, stride 2, odd', 2, 7, 9, 4, 3, 8, 3, 2],
  ['1x1', 3, 4, 5, 5, 2, 3, 1, 1],
  ['5x5', 1, 6, 6, 3, 4, 4, 5, 1],
];

describe('a convolution of a concatenation, without it, against float64', () => {
  it.each(cases)('%s', async (_name, n, h, w, a, b, co, k, stride) => {
    const pad = (k - 1) / 2;
    const attrs = { strides: stride, pad, dataFormat: 'NHWC' } as const;
    const g = convGeometry([n, h, w, a + b], [k, k, a + b, co], attrs);
    if (!g) throw new Error('not covered');
    const filterShape: Shape = [k, k, a + b, co];
    const yShape: Shape = [n, g.outHeight, g.outWidth, co];
    const size = tf.util.sizeFromShape;
    const [xs, ws, gs] = [
      seededValues(n * h * w * (a + b), 1),
      seededValues(size(filterShape), 2),
      seededValues(size(yShape), 3),
    ];
    const [as, bs] = parted(xs, a, b);
    const [ta, tb] = [tf.tensor4d(as, [n, h, w, a]), tf.tensor4d(bs, [n, h, w, b])];
    const [tw, dy] = [tf.tensor4d(ws, filterShape), tf.tensor4d(gs, yShape)];
    await poison(gs.length, as.length, bs.length, ws.length, k * k * a * co, k * k * b * co);
    const before = [tf.memory().numTensors, gpu.open.backend.numDataIds()];
    const y = tf.tidy(() => concatConv2d(ta, tb, tw, stride, pad));
    const [da, db, dw] = tf.grads((...args) =>
      concatConv2d(...(args as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]), stride, pad),
    )([ta, tb, tw], dy);
    expect(relativeError(await y.data(), conv2dReference(xs, ws, g))).toBeLessThan(1e-5);
    const [wantA, wantB] = parted(conv2dInputGradientReference(gs, ws, g), a, b);
    expect(relativeError(await da!.data(), wantA)).toBeLessThan(1e-5);
    expect(relativeError(await db!.data(), wantB)).toBeLessThan(1e-5);
    expect(relativeError(await dw!.data(), conv2dFilterGradientReference(xs, gs, g))).toBeLessThan(1e-5);
    tf.dispose([y, da!, db!, dw!]);
    expect([tf.memory().numTensors, gpu.open.backend.numDataIds()]).toEqual(before);
    tf.dispose([ta, tb, tw, dy]);
    expect(gpu.problems).toEqual([]);
  });
});
