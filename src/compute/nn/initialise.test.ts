import { describe, expect, it } from 'vitest';
import { cifarResnetOfDepth } from './cifarResnet';
import { initialState } from './initialise';
import { toDeviceLayout, toFileLayout } from './layout';
import { traceNetwork, type TensorSpec } from './trace';
import { unet } from './unet';

describe('initialState', () => {
  const { tensors } = traceNetwork(unet(8));
  const state = initialState(tensors, 11);

  it('holds every tensor, in order', () => {
    expect([...state.keys()]).toEqual(tensors.map(({ name }) => name));
  });

  it('draws weights and biases uniformly within 1/sqrt(fan in), as PyTorch by default', () => {
    const { data } = state.get('up1.conv.double_conv.0.weight')!;
    const limit = 1 / Math.sqrt(128 * 9);
    const values = Float64Array.from(data);
    const second = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.max(...values)).toBeLessThanOrEqual(limit);
    expect(Math.max(...values)).toBeGreaterThan(0.999 * limit);
    expect(Math.min(...values)).toBeLessThan(-0.999 * limit);
    // The variance of U(-a, a) is a² / 3; 73,728 draws give it to about 0.3 % (one sigma).
    expect(second / (limit ** 2 / 3)).toBeGreaterThan(0.98);
    expect(second / (limit ** 2 / 3)).toBeLessThan(1.02);
    const bias = Float64Array.from(state.get('up1.conv.double_conv.0.bias')!.data);
    expect(Math.max(...bias.map(Math.abs))).toBeLessThanOrEqual(limit);
    expect(Math.max(...bias.map(Math.abs))).toBeGreaterThan(0.8 * limit);
  });

  it('starts normalisation at 1 and 0', () => {
    expect(state.get('inc.double_conv.1.weight')!.data).toEqual(new Float32Array(8).fill(1));
    expect(state.get('inc.double_conv.1.bias')!.data).toEqual(new Float32Array(8));
    expect(state.get('inc.double_conv.1.running_mean')!.data).toEqual(new Float32Array(8));
    expect(state.get('inc.double_conv.1.running_var')!.data).toEqual(new Float32Array(8).fill(1));
    expect(state.get('inc.double_conv.1.num_batches_tracked')).toEqual({
      dtype: 'int64',
      shape: [],
      data: Int32Array.of(0),
    });
  });

  it('is the same for the same seed, and no two parameters share numbers', () => {
    expect([...initialState(tensors, 11)]).toEqual([...state]);
    expect(initialState(tensors, 12).get('outc.conv.weight')).not.toEqual(state.get('outc.conv.weight'));
    const first = state.get('down4.maxpool_conv.1.double_conv.0.weight')!.data;
    expect(state.get('down4.maxpool_conv.1.double_conv.3.weight')!.data).not.toEqual(first);
  });
});

describe('layouts', () => {
  it('carries OIHW to HWIO', () => {
    const spec: TensorSpec = { name: 'c.weight', shape: [2, 3, 1, 2], role: 'conv-weight', fanIn: 6 };
    // Value = 100 o + 10 i + w.
    const file = Float32Array.of(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121);
    const device = toDeviceLayout(file, spec);
    expect([...device]).toEqual([0, 100, 10, 110, 20, 120, 1, 101, 11, 111, 21, 121]);
    expect(toFileLayout(device, spec)).toEqual(file);
  });

  it('transposes linear weights and leaves vectors alone', () => {
    const { tensors } = traceNetwork(cifarResnetOfDepth(18, 1, 3));
    const linear = tensors.find(({ name }) => name === 'linear.weight')!;
    const file = Float32Array.from({ length: 24 }, (_, i) => i);
    expect([...toDeviceLayout(file, linear).slice(0, 4)]).toEqual([0, 8, 16, 1]);
    const bias = tensors.find(({ name }) => name === 'linear.bias')!;
    expect([...toDeviceLayout(Float32Array.of(1, 2, 3), bias)]).toEqual([1, 2, 3]);
  });
});
