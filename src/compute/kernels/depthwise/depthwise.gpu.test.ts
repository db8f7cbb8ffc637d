import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import type { ConvAttrs } from '../conv2d/geometry';
import { poison, relativeError, seededValues } from '../reference/check';
import {
  depthwiseFilterGradientReference,
  depthwiseInputGradientReference,
  depthwiseReference,
} from '../reference/depthwise';
import { depthwiseFilterGradient } from './filterGradient';
import { depthwiseGeometry } from './geometry';
import { depthwise, depthwiseInputGradient } from './kernel';

let open: OpenDevice;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterAll(() => open.close());

const cases: [name: string, x: number[], side: number, stride: number, pad: number | 'same' | 'valid'][] = [
  ['3x3', [2, 6, 9, 8], 3, 1, 1],
  ['3x3, one channel, batch 1, odd size', [1, 5, 7, 1], 3, 1, 'same'],
  ['3x3, channels that fill no quad', [2, 7, 4, 6], 3, 1, 1],
  ['3x3 valid', [3, 6, 9, 4], 3, 1, 'valid'],
  ['3x3, stride 2, even', [2, 8, 12, 8], 3, 2, 1],
  ['3x3, stride 2, odd, odd channels', [1, 7, 9, 5], 3, 2, 1],
  ['3x3, stride 2, same (pads below only)', [2, 8, 8, 4], 3, 2, 'same'],
  ['3x3, stride 2, valid, a column nobody reads', [2, 8, 8, 4], 3, 2, 'valid'],
  ['5x5', [2, 9, 7, 12], 5, 1, 2],
  ['5x5, stride 2', [1, 10, 7, 3], 5, 2, 2],
  ['7x7 on an image smaller than the window', [2, 3, 4, 4], 7, 1, 3],
  ['7x7, stride 2', [1, 11, 12, 4], 7, 2, 3],
  ['many rows', [16, 32, 16, 4], 3, 1, 1],
];

async function values(info: tf.TensorInfo): Promise<Float32Array> {
  const tensor = tf.engine().makeTensorFromTensorInfo(info);
  const data = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return data;
}

describe('depthwise convolution kernels against float64', () => {
  it.each(cases)('%s', async (_name, xShape, side, stride, pad) => {
    const channels = xShape[3]!;
    const wShape = [side, side, channels, 1];
    const g = depthwiseGeometry(xShape, wShape, { strides: [stride, stride], pad });
    if (!g) throw new Error('not covered');
    const yShape = [g.batch, g.outHeight, g.outWidth, channels];
    const made = [xShape, wShape, yShape, [channels], yShape].map((shape, index) => {
      // Up to 8, so that a ReLU6 has something to clip.
      const numbers = seededValues(tf.util.sizeFromShape(shape), index + 1).map((v) => v * 8);
      return { numbers, tensor: tf.tensor(numbers, shape) };
    });
    const [x, w, dy, bias, addend] = made as [Made, Made, Made, Made, Made];
    const { backend } = open;

    const plain = depthwiseReference(x.numbers, w.numbers, g);
    await poison(dy.numbers.length);
    expect(relativeError(await values(depthwise(backend, x.tensor, w.tensor, g)), plain)).toBeLessThan(1e-5);

    const six = plain.map((v, i) =>
      Math.min(6, Math.max(0, v + bias.numbers[i % channels]! + addend.numbers[i]!)),
    );
    await poison(dy.numbers.length);
    const fused = { bias: bias.tensor, addend: addend.tensor, relu: 6 } as const;
    const rectified = await values(depthwise(backend, x.tensor, w.tensor, g, fused));
    expect(relativeError(rectified, six)).toBeLessThan(1e-5);
    expect(Math.max(...rectified)).toBe(6);

    const dx = depthwiseInputGradientReference(dy.numbers, w.numbers, g);
    await poison(x.numbers.length);
    const own = await values(depthwiseInputGradient(backend, dy.tensor, w.tensor, g));
    expect(relativeError(own, dx)).toBeLessThan(1e-5);

    const masked = dx.map((v, i) => (x.numbers[i]! > 0 && x.numbers[i]! < 6 ? v + x.numbers[i]! : 0));
    await poison(x.numbers.length);
    const gate = { addend: x.tensor, mask: x.tensor, maskSix: true };
    const gated = await values(depthwiseInputGradient(backend, dy.tensor, w.tensor, g, gate));
    expect(relativeError(gated, masked)).toBeLessThan(1e-5);

    await poison(w.numbers.length, w.numbers.length * 16);
    const dw = await values(depthwiseFilterGradient(backend, x.tensor, dy.tensor, g));
    expect(relativeError(dw, depthwiseFilterGradientReference(x.numbers, dy.numbers, g))).toBeLessThan(1e-5);
    tf.dispose(made.map(({ tensor }) => tensor));
    expect(problems).toEqual([]);
  });

  it('leaves several outputs a channel, 1x1 and dilated windows to the stock kernels', () => {
    const attrs: Pick<ConvAttrs, 'strides' | 'pad'> = { strides: 1, pad: 'same' };
    expect(depthwiseGeometry([1, 8, 8, 3], [3, 3, 3, 2], attrs)).toBeNull();
    expect(depthwiseGeometry([1, 8, 8, 3], [1, 1, 3, 1], attrs)).toBeNull();
    expect(depthwiseGeometry([1, 8, 8, 3], [3, 3, 3, 1], { ...attrs, dilations: 2 })).toBeNull();
  });
});

interface Made {
  readonly numbers: Float32Array;
  readonly tensor: tf.Tensor;
}
