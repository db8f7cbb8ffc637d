import { expect, test } from 'vitest';
import { cifarResnetOfDepth } from '../../../src/compute/nn/cifarResnet';
import { initialState } from '../../../src/compute/nn/initialise';
import { traceNetwork } from '../../../src/compute/nn/trace';
import { unet } from '../../../src/compute/nn/unet';
import { foldedWeights, inverseMatrix, learnedWeights, planarNormalized, upsampleMatrix } from './weights';

test('upsampling with aligned corners keeps a straight line straight', () => {
  const { values, shape } = upsampleMatrix(4);
  expect(shape).toEqual([8, 4]);
  for (let to = 0; to < 8; to++) {
    const line = [0, 1, 2, 3].reduce((sum, from) => sum + (values[to * 4 + from] ?? 0) * from, 0);
    expect(line).toBeCloseTo((to * 3) / 7, 6);
  }
});

test('a label finds the class that stands for it', () => {
  expect([...inverseMatrix([1, 2, 0]).values]).toEqual([0, 1, 0, 0, 0, 1, 1, 0, 0]);
});

test('pixels become planes', () => {
  const planar = planarNormalized(Float32Array.of(1, 2, 3, 4, 5, 6), 1, 2, [1, 1, 1], [1, 2, 4]);
  expect([...planar]).toEqual([0, 3, 0.5, 2, 0.5, 1.25]);
});

test('folding multiplies by the scale of the batch-norm behind', () => {
  const trace = traceNetwork(cifarResnetOfDepth(18, 2, 10));
  const state = new Map(initialState(trace.tensors, 1));
  const set = (name: string, value: number): void => {
    state.set(name, { dtype: 'float32', shape: [2], data: Float32Array.of(value, value) });
  };
  set('bn1.weight', 6);
  set('bn1.running_var', 4 - 1e-5);
  set('bn1.running_mean', 2);
  set('bn1.bias', 1);
  const folded = foldedWeights(trace, state);
  const before = state.get('conv1.weight')?.data[0] ?? NaN;
  expect(folded.get('conv1.weight')?.values[0]).toBeCloseTo(3 * before, 5);
  // (0 - 2) * 3 + 1
  expect(folded.get('conv1.bias')?.values[1]).toBeCloseTo(-5, 5);
  expect(folded.get('linear.bias')?.shape).toEqual([10]);
});

test('biases in front of batch-norm are not learned, the last one is', () => {
  const trace = traceNetwork(unet(2));
  const names = [...learnedWeights(trace, initialState(trace.tensors, 1)).keys()];
  expect(names.filter((name) => /double_conv\.[03]\.bias$/.test(name))).toEqual([]);
  expect(names).toContain('outc.conv.bias');
  expect(names).toContain('inc.double_conv.1.weight');
});
