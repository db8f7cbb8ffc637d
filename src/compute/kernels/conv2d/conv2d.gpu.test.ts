import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import { conv2dFilterGradient } from '../conv2dBackpropFilter/kernel';
import { conv2dInputGradient, conv2dInputGradientTurned, turnWeights } from '../conv2dBackpropInput/kernel';
import { poison, relativeError, seededValues } from '../reference/check';
import {
  conv2dFilterGradientReference,
  conv2dInputGradientReference,
  conv2dReference,
} from '../reference/conv2d';
import { convGeometry, type ConvAttrs } from './geometry';
import { conv2d } from './kernel';

let open: OpenDevice;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterAll(() => open.close());

const padding = (p: number): ConvAttrs['pad'] => [
  [0, 0],
  [p, p],
  [p, p],
  [0, 0],
];
const pad1 = padding(1);
const cases: [name: string, x: number[], w: number[], stride: number, pad: ConvAttrs['pad']][] = [
  ['3x3, one channel, batch 1, odd size', [1, 5, 7, 1], [3, 3, 1, 1], 1, 'same'],
  ['3x3, three to eight channels', [2, 9, 11, 3], [3, 3, 3, 8], 1, pad1],
  ['3x3, odd channels', [2, 6, 13, 7], [3, 3, 7, 13], 1, 'same'],
  ['3x3, channels that fill no tile', [2, 8, 8, 12], [3, 3, 12, 12], 1, pad1],
  ['3x3 valid', [3, 6, 9, 4], [3, 3, 4, 16], 1, 'valid'],
  ['3x3, narrower than a tile', [2, 4, 4, 8], [3, 3, 8, 20], 1, pad1],
  ['3x3, stride 2, even, pad 1', [2, 8, 12, 8], [3, 3, 8, 16], 2, pad1],
  ['3x3, stride 2, odd, pad 1', [1, 7, 9, 5], [3, 3, 5, 6], 2, pad1],
  ['3x3, stride 2, same (pads below only)', [2, 8, 8, 4], [3, 3, 4, 4], 2, 'same'],
  ['3x3, stride 2, valid, a column nobody reads', [2, 8, 8, 4], [3, 3, 4, 8], 2, 'valid'],
  ['1x1', [2, 5, 5, 6], [1, 1, 6, 3], 1, 'valid'],
  ['1x1, stride 2', [2, 8, 6, 8], [1, 1, 8, 16], 2, 'valid'],
  ['1x1, padded', [1, 4, 4, 4], [1, 1, 4, 8], 1, pad1],
  ['5x5', [2, 9, 7, 6], [5, 5, 6, 8], 1, padding(2)],
  ['5x5, stride 2, odd', [2, 11, 9, 3], [5, 5, 3, 5], 2, padding(2)],
  ['7x7, stride 2, three channels, even', [2, 16, 12, 3], [7, 7, 3, 8], 2, padding(3)],
  ['7x7, stride 2, odd', [1, 13, 15, 4], [7, 7, 4, 12], 2, padding(3)],
  ['7x7 on an image smaller than the window', [2, 3, 4, 3], [7, 7, 3, 4], 2, padding(3)],
  ['7x7, one channel, batch 1', [1, 9, 9, 1], [7, 7, 1, 1], 1, 'same'],
  ['7x7 valid', [2, 10, 9, 5], [7, 7, 5, 8], 1, 'valid'],
  ['many rows', [16, 16, 16, 4], [3, 3, 4, 8], 1, pad1],
];

async function values(info: tf.TensorInfo): Promise<Float32Array> {
  const tensor = tf.engine().makeTensorFromTensorInfo(info);
  const data = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return data;
}

describe('convolution kernels against float64', () => {
  for (const [name, xShape, wShape, stride, pad] of cases) {
    it(name, async () => {
      const g = convGeometry(xShape, wShape, { strides: [stride, stride], pad, dataFormat: 'NHWC' });
      if (!g) throw new Error('not covered');
      const yShape = [g.batch, g.outHeight, g.outWidth, g.outChannels];
      const [xs, ws, gs, bs] = [xShape, wShape, yShape, [g.outChannels]].map((shape, index) =>
        seededValues(tf.util.sizeFromShape(shape), index + 1),
      ) as [Float32Array, Float32Array, Float32Array, Float32Array];
      const [x, w, dy, b] = [
        tf.tensor(xs, xShape),
        tf.tensor(ws, wShape),
        tf.tensor(gs, yShape),
        tf.tensor(bs),
      ];
      await poison(gs.length, xs.length, ws.length);

      const plain = conv2dReference(xs, ws, g);
      expect(relativeError(await values(conv2d(open.backend, x, w, g)), plain)).toBeLessThan(1e-5);
      const fused = plain.map((value, index) => Math.max(0, value + bs[index % g.outChannels]!));
      await poison(gs.length);
      const own = await values(conv2d(open.backend, x, w, g, { bias: b, relu: true }));
      expect(relativeError(own, fused)).toBeLessThan(1e-5);
      const dx = await values(conv2dInputGradient(open.backend, dy, w, g));
      expect(relativeError(dx, conv2dInputGradientReference(gs, ws, g))).toBeLessThan(1e-5);
      // What a frozen network's layers do on top: a residual before the ReLU; other gradients and a ReLU's mask behind.
      const addend = tf.tensor(seededValues(gs.length, 5), yShape);
      const rests = await addend.data();
      await poison(gs.length);
      const epilogue = { bias: b, addend, relu: true, mask: dy };
      const masked = await values(conv2d(open.backend, x, w, g, epilogue));
      const expected = plain.map((value, i) =>
        gs[i]! > 0 ? Math.max(0, value + bs[i % g.outChannels]! + rests[i]!) : 0,
      );
      expect(relativeError(masked, expected)).toBeLessThan(1e-5);
      const turned = tf.engine().makeTensorFromTensorInfo(turnWeights(open.backend, w, g.stride));
      const more = tf.tensor(seededValues(xs.length, 6), xShape);
      const others = await more.data();
      await poison(xs.length);
      const sum = conv2dInputGradientTurned(open.backend, dy, turned, g, { addend: more, mask: x });
      const gradient = conv2dInputGradientReference(gs, ws, g).map((v, i) =>
        xs[i]! > 0 ? v + others[i]! : 0,
      );
      expect(relativeError(await values(sum), gradient)).toBeLessThan(1e-5);
      tf.dispose([addend, turned, more]);
      const dw = await values(conv2dFilterGradient(open.backend, x, dy, g));
      expect(relativeError(dw, conv2dFilterGradientReference(xs, gs, g))).toBeLessThan(1e-5);
      tf.dispose([x, w, dy, b]);
      expect(problems).toEqual([]);
    });
  }

  it('leaves other convolutions to the stock kernels', () => {
    const attrs: ConvAttrs = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC' };
    expect(convGeometry([1, 8, 8, 3], [9, 9, 3, 8], attrs)).toBeNull();
    expect(convGeometry([1, 8, 8, 3], [3, 3, 3, 8], { ...attrs, dilations: 2 })).toBeNull();
    expect(convGeometry([1, 8, 8, 3], [3, 3, 3, 8], { ...attrs, strides: [1, 2] })).toBeNull();
    expect(convGeometry([1, 8, 8, 3], [3, 5, 3, 8], attrs)).toBeNull();
    expect(convGeometry([1, 3, 8, 8], [3, 3, 3, 8], { ...attrs, dataFormat: 'NCHW' })).toBeNull();
  });
});
