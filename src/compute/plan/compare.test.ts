import { describe, expect, it } from 'vitest';
import { sameOperations } from './compare';
import type { AnyBuffer, Operation, RecordedBuffer } from './recording';

const buffer = (id: number, content: number[] | null = null): RecordedBuffer => ({
  id,
  bytes: 16,
  usage: 0,
  content: content && Uint8Array.from(content),
});
const pipeline = {} as GPUComputePipeline;

function dispatch(written: AnyBuffer, ...read: AnyBuffer[]): Operation {
  const bindings = [written, ...read].map((each, binding) => {
    return { buffer: each, offset: 0, size: 16, binding, writes: binding === 0 };
  });
  return { kind: 'dispatch', pipeline, bindings, groups: [1, 1, 1] };
}

/** b = f(a, constant); c = f(b, b or a). */
function twoSteps(ids: number, constant: number[], again: boolean): Operation[] {
  const [a, b, c] = [buffer(ids), buffer(ids + 1), buffer(ids + 2)];
  return [dispatch(b, a, buffer(ids + 3, constant)), dispatch(c, b, again ? b : a)];
}

describe('sameOperations', () => {
  it('looks at the flow of data and at constants, not at which buffers were asked for', () => {
    const first = twoSteps(0, [1, 2], true);
    expect(sameOperations(first, twoSteps(50, [1, 2], true))).toBe(true);
    expect(sameOperations(first, twoSteps(50, [1, 3], true))).toBe(false);
    expect(sameOperations(first, twoSteps(50, [1, 2], false))).toBe(false);
    expect(sameOperations(first, first.slice(0, 1))).toBe(false);
    const [start, end] = first as [Operation, Operation];
    expect(sameOperations(first, [start, { ...end, groups: [2, 1, 1] } as Operation])).toBe(false);
    expect(sameOperations(first, [start, { ...end, pipeline: {} } as Operation])).toBe(false);
  });

  it('wants the same real buffers', () => {
    const [one, other] = [{ size: 16 } as GPUBuffer, { size: 16 } as GPUBuffer];
    expect(sameOperations([dispatch(buffer(0), one)], [dispatch(buffer(9), one)])).toBe(true);
    expect(sameOperations([dispatch(buffer(0), one)], [dispatch(buffer(9), other)])).toBe(false);
  });
});
