import { describe, expect, it } from 'vitest';
import { batchesPerEpoch, batchIndices, epochOrder } from './batches';

describe('epochOrder', () => {
  it('is a permutation that depends on seed and epoch', () => {
    const order = epochOrder(1000, 666, 0);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(epochOrder(1000, 666, 0)).toEqual(order);
    expect(epochOrder(1000, 666, 1)).not.toEqual(order);
    expect(epochOrder(1000, 667, 0)).not.toEqual(order);
  });
});

describe('batches', () => {
  it('drops an incomplete last batch in training only', () => {
    expect(batchesPerEpoch(50_000, 256)).toBe(195);
    expect(batchesPerEpoch(10_000, 256, false)).toBe(40);
    expect(batchesPerEpoch(100, 100)).toBe(1);
    expect(batchesPerEpoch(100, 128, false)).toBe(1);
  });

  it('covers the order without overlap', () => {
    const order = epochOrder(10, 1, 0);
    const batches = Array.from({ length: 3 }, (_, b) => [...batchIndices(order, 4, b)]);
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(batches.flat()).toEqual([...order]);
  });

  it('names a batch that is too large or no number', () => {
    const code = (count: number, size: number) => {
      try {
        return batchesPerEpoch(count, size);
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    };
    expect(code(100, 101)).toBe('experiment/batch-too-large');
    expect(code(100, 0)).toBe('experiment/invalid');
    expect(code(100, 1.5)).toBe('experiment/invalid');
  });
});
