import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import { columnSum } from '../columnReduce/kernel';
import type { ConvAttrs } from '../conv2d/geometry';
import { turnWeights } from '../conv2dBackpropInput/kernel';
import { poison, relativeError, seededValues } from '../reference/check';
import {
  conv2dFilterGradientReference,
  conv2dInputGradientReference,
  conv2dReference,
} from '../reference/conv2d';
import { tiledConv2d, tiledInputGradient } from './convolve';
import { allowDirectives } from './directives';
import { tiledFilterGradient } from './filterGradient';
import { tiledGeometry } from './geometry';
import { subgroupColumnSum } from './subgroupSum';
import { TILES, type TileName } from './tile';

let open: OpenDevice;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterAll(() => open.close());

const around = (side: number): ConvAttrs['pad'] => [
  [0, 0],
  [side, side],
  [side, side],
  [0, 0],
];
type Case = [name: string, x: number[], w: number[], stride: number, pad: ConvAttrs['pad']];
const cases: Case[] = [
  ['3x3, one channel, batch 1, odd size', [1, 5, 7, 1], [3, 3, 1, 1], 1, 'same'],
  ['3x3, three channels in, ten out', [2, 9, 11, 3], [3, 3, 3, 10], 1, around(1)],
  ['3x3, full quads over tile edges', [3, 7, 9, 20], [3, 3, 20, 68], 1, around(1)],
  ['3x3, stride 2, even', [2, 8, 12, 8], [3, 3, 8, 16], 2, around(1)],
  ['3x3, stride 2, odd, odd channels', [1, 7, 9, 5], [3, 3, 5, 6], 2, around(1)],
  ['1x1', [2, 5, 5, 12], [1, 1, 12, 3], 1, 'valid'],
  ['1x1, stride 2', [2, 7, 6, 8], [1, 1, 8, 16], 2, 'valid'],
  ['7x7, stride 2', [2, 17, 13, 3], [7, 7, 3, 12], 2, around(3)],
  ['5x5, stride 3', [2, 11, 8, 4], [5, 5, 4, 8], 3, around(1)],
  ['2x3 window', [1, 6, 5, 4], [2, 3, 4, 4], 1, 'valid'],
  ['many pixels, unrolled', [9, 16, 16, 4], [3, 3, 4, 8], 1, around(1)],
];

async function values(info: tf.TensorInfo): Promise<Float32Array> {
  const tensor = tf.engine().makeTensorFromTensorInfo(info);
  const data = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return data;
}

/** Every case for the smallest tile; for the others one, since a software adapter takes seconds to compile each pipeline. */
const casesOf = (tile: TileName): Case[] =>
  tile === 'small' ? cases : cases.filter(([name]) => name.includes('full quads'));

describe.each(Object.keys(TILES) as TileName[])('tile %s against float64', (tile) => {
  it.each(casesOf(tile))('%s', async (name, xShape, wShape, stride, pad) => {
    const attrs: ConvAttrs = { strides: [stride, stride], pad, dataFormat: 'NHWC' };
    const g = tiledGeometry(xShape, wShape, attrs)!;
    const yShape = [g.batch, g.outHeight, g.outWidth, g.outChannels];
    const [xs, ws, gs, bs] = [xShape, wShape, yShape, [g.outChannels]].map((shape, index) =>
      seededValues(tf.util.sizeFromShape(shape), index + 1),
    ) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const [x, w, dy, bias] = [
      tf.tensor(xs, xShape),
      tf.tensor(ws, wShape),
      tf.tensor(gs, yShape),
      tf.tensor(bs),
    ];
    const addend = tf.tensor(seededValues(gs.length, 5), yShape);
    const more = tf.tensor(seededValues(xs.length, 6), xShape);
    const [rests, others] = [await addend.data(), await more.data()];
    const turned = tf.engine().makeTensorFromTensorInfo(turnWeights(open.backend, w, stride));
    const plan = { tile, staging: 'f32', unrolled: name.includes('unrolled') } as const;

    await poison(gs.length, xs.length, ws.length);
    const plain = conv2dReference(xs, ws, g);
    const y = await values(tiledConv2d(open.backend, x, w, g, {}, plan));
    expect(relativeError(y, plain)).toBeLessThan(1e-5);
    await poison(gs.length);
    const after = { bias, addend, relu: true, mask: dy };
    const finished = await values(tiledConv2d(open.backend, x, w, g, after, plan));
    const expected = plain.map((value, i) =>
      gs[i]! > 0 ? Math.max(0, value + bs[i % g.outChannels]! + rests[i]!) : 0,
    );
    expect(relativeError(finished, expected)).toBeLessThan(1e-5);

    await poison(xs.length);
    const dx = await values(tiledInputGradient(open.backend, dy, turned, g, { addend: more, mask: x }, plan));
    const gradient = conv2dInputGradientReference(gs, ws, g).map((v, i) => (xs[i]! > 0 ? v + others[i]! : 0));
    expect(relativeError(dx, gradient)).toBeLessThan(1e-5);
    const dw = await values(tiledFilterGradient(open.backend, x, dy, g, plan));
    expect(relativeError(dw, conv2dFilterGradientReference(xs, gs, g))).toBeLessThan(1e-5);
    tf.dispose([x, w, dy, bias, addend, more, turned]);
    expect(problems).toEqual([]);
  });
});

it('stages operands as float16 where asked to, and sums in float32', async () => {
  if (!open.device.features.has('shader-f16')) return;
  allowDirectives(open.device);
  const attrs: ConvAttrs = { strides: [1, 1], pad: around(1), dataFormat: 'NHWC' };
  const g = tiledGeometry([3, 7, 9, 20], [3, 3, 20, 68], attrs)!;
  const [xs, ws] = [seededValues(3780, 1), seededValues(12_240, 2)];
  const [x, w] = [tf.tensor(xs, [3, 7, 9, 20]), tf.tensor(ws, [3, 3, 20, 68])];
  // Values that float16 holds: nothing is lost, so that any other error would show.
  const coarse = (values: Float32Array) => values.map((v) => Math.round(v * 256) / 256);
  const [cx, cw] = [tf.tensor(coarse(xs), x.shape), tf.tensor(coarse(ws), w.shape)];
  for (const staging of ['f16-weights', 'f16'] as const) {
    const plan = { tile: 'small', staging, unrolled: false } as const;
    await poison(189 * 68);
    const exact = await values(tiledConv2d(open.backend, cx, cw, g, {}, plan));
    expect(relativeError(exact, conv2dReference(coarse(xs), coarse(ws), g))).toBeLessThan(1e-5);
    const rounded = await values(tiledConv2d(open.backend, x, w, g, {}, plan));
    const error = relativeError(rounded, conv2dReference(xs, ws, g));
    console.log(`${staging}: ${error.toExponential(2)} of the norm`);
    expect(error).toBeGreaterThan(1e-5);
    expect(error).toBeLessThan(5e-4);
  }
  tf.dispose([x, w, cx, cw]);
  expect(problems).toEqual([]);
});

it.each([
  [3, 5],
  [130, 12],
  [5000, 8],
])('subgroups add %i x %i', async (rows, columns) => {
  if (!open.device.features.has('subgroups')) return;
  allowDirectives(open.device);
  const xs = seededValues(rows * columns, 1);
  const expected = new Float64Array(columns);
  xs.forEach((value, i) => (expected[i % columns] = expected[i % columns]! + value));
  const x = tf.tensor2d(xs, [rows, columns]);
  await poison(columns);
  const sum = await values(subgroupColumnSum(open.backend, x, rows, columns));
  const serial = await values(columnSum(open.backend, x, rows, columns));
  console.log(`${rows} rows: ${relativeError(sum, serial).toExponential(2)} from the serial sum`);
  expect(relativeError(sum, expected)).toBeLessThan(1e-5);
  x.dispose();
  expect(problems).toEqual([]);
});

it('leaves dilated, NCHW and unevenly strided convolutions alone', () => {
  const attrs: ConvAttrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC' };
  expect(tiledGeometry([1, 8, 8, 3], [3, 3, 3, 8], { ...attrs, dilations: 2 })).toBeNull();
  expect(tiledGeometry([1, 8, 8, 3], [3, 3, 3, 8], { ...attrs, strides: [1, 2] })).toBeNull();
  expect(tiledGeometry([1, 3, 8, 8], [3, 3, 3, 8], { ...attrs, dataFormat: 'NCHW' })).toBeNull();
});
