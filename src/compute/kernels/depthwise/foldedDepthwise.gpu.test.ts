import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import { FoldedConv } from '../foldedConv/foldedConv';
import { installKernels } from '../install';
import { poison, relativeError, seededValues } from '../reference/check';
import { conv2dInputGradientReference, conv2dReference } from '../reference/conv2d';
import { depthwiseInputGradientReference, depthwiseReference } from '../reference/depthwise';
import { FoldedDepthwise } from './foldedDepthwise';

let open: OpenDevice;
beforeAll(async () => {
  open = await openDevice();
});
afterAll(() => open.close());

const geometry = {
  ...{ batch: 2, inHeight: 7, inWidth: 6, inChannels: 5, outHeight: 4, outWidth: 3, outChannels: 5 },
  ...{ kernelHeight: 3, kernelWidth: 3, stride: 2, padTop: 1, padLeft: 1 },
};
const input: [number, number, number, number] = [2, 7, 6, 5];
const output: [number, number, number, number] = [2, 4, 3, 5];
const wide = (count: number, seed: number): Float32Array => seededValues(count, seed).map((v) => v * 8);

const layers = [
  {
    name: 'depthwise',
    filter: [3, 3, 5, 1],
    Layer: FoldedDepthwise,
    y: depthwiseReference,
    dx: depthwiseInputGradientReference,
  },
  {
    name: 'dense',
    filter: [3, 3, 5, 5],
    Layer: FoldedConv,
    y: conv2dReference,
    dx: conv2dInputGradientReference,
  },
] as const;

describe.each(['stock', 'own'])('folded layers with a ReLU6, %s kernels', (kernels) => {
  it.each(layers)('$name, stride 2, odd height', async ({ filter, Layer, y, dx }) => {
    const installed = kernels === 'own' ? installKernels(open.backend) : null;
    const shape = [...filter] as [number, number, number, number];
    const [xs, ws, bs] = [wide(420, 1), seededValues(tf.util.sizeFromShape(shape), 2), seededValues(5, 3)];
    const [rs, gs, as] = [seededValues(120, 4), seededValues(120, 5), seededValues(420, 6)];
    await poison(120, 420);
    const results = tf.tidy(() => {
      const layer = new Layer(tf.tensor4d(ws, shape), tf.tensor1d(bs), { stride: 2, pad: 1 });
      const x = tf.tensor4d(xs, input);
      const forward = layer.forward(x, tf.tensor4d(rs, output), 6);
      const gate = { output: x, six: true };
      const gradient = layer.inputGradient(tf.tensor4d(gs, output), input, tf.tensor4d(as, input), gate);
      layer.dispose();
      return [forward, gradient];
    });
    const [forward, gradient] = await Promise.all(results.map((tensor) => tensor.data()));
    tf.dispose(results);
    installed?.uninstall();
    const wanted = y(xs, ws, geometry).map((v, i) => Math.min(6, Math.max(0, v + bs[i % 5]! + rs[i]!)));
    expect(wanted).toContain(6);
    expect(relativeError(forward!, wanted)).toBeLessThan(1e-5);
    const through = dx(gs, ws, geometry).map((v, i) => (xs[i]! > 0 && xs[i]! < 6 ? v + as[i]! : 0));
    expect(relativeError(gradient!, through)).toBeLessThan(1e-5);
  });
});
