import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOut, total, type LayoutLimits } from './layout';
import { livenessOf, neededOperations, type Touch } from './liveness';

const ALIGNMENT = 256;
const limits: LayoutLimits = { alignment: ALIGNMENT, bankBytes: 1 << 20 };

/** Operation k writes temporary k, of some bytes, and reads some of the earlier ones. */
const steps = fc
  .array(
    fc.record({ bytes: fc.integer({ min: 4, max: 5000 }), reads: fc.array(fc.nat(), { maxLength: 4 }) }),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map((list) => {
    const bytes = new Map(list.map((step, k) => [k, step.bytes]));
    const operations = list.map(({ reads }, k): Touch[] => {
      const earlier = k === 0 ? [] : [...new Set(reads.map((read) => read % k))];
      return [{ temporary: k, writes: true }, ...earlier.map((temporary) => ({ temporary, writes: false }))];
    });
    return { bytes, operations };
  });

describe('layOut', () => {
  it('never lets two live temporaries overlap, nor one operation read and write one buffer', () => {
    fc.assert(
      fc.property(steps, ({ bytes, operations }) => {
        const { lifetimes, apart, peakBytes } = livenessOf(operations, bytes);
        const layout = layOut({ lifetimes, apart, peakBytes }, limits);
        const at = (id: number) => layout.places.get(id)!;
        // What each byte holds, operation by operation, as the GPU would see it.
        const memory = layout.banks.map((size) => new Int32Array(size / ALIGNMENT).fill(-1));
        const cells = (id: number) => {
          const { bank, offset } = at(id);
          const start = offset / ALIGNMENT;
          return memory[bank]!.subarray(start, start + Math.ceil(bytes.get(id)! / ALIGNMENT));
        };
        for (const touches of operations) {
          const written = touches.filter(({ writes }) => writes).map(({ temporary }) => temporary);
          for (const { temporary, writes } of touches) {
            expect(at(temporary).offset % ALIGNMENT).toBe(0);
            if (writes) continue;
            expect([...cells(temporary)].every((cell) => cell === temporary)).toBe(true);
            for (const id of written) expect(at(id).bank).not.toBe(at(temporary).bank);
          }
          for (const id of written) {
            expect(cells(id)).toHaveLength(Math.ceil(bytes.get(id)! / ALIGNMENT));
            cells(id).fill(id);
          }
        }
        expect(total(layout)).toBeGreaterThanOrEqual(peakBytes);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('reuses what is dead, and opens another bank at the limit of one', () => {
    const chain = Array.from({ length: 40 }, (_, k): Touch[] =>
      k === 0
        ? [{ temporary: 0, writes: true }]
        : [
            { temporary: k, writes: true },
            { temporary: k - 1, writes: false },
          ],
    );
    const bytes = new Map(chain.map((_, k) => [k, 1024]));
    const liveness = livenessOf(chain, bytes);
    expect(liveness.peakBytes).toBe(2048);
    expect(total(layOut(liveness, limits))).toBe(2048);
    const all: Touch[][] = [
      ...[0, 1, 2].map((k): Touch[] => [{ temporary: k, writes: true }]),
      [0, 1, 2].map((k) => ({ temporary: k, writes: false })),
    ];
    const three = livenessOf(all, bytes);
    expect(layOut(three, limits).banks).toEqual([3072]);
    expect(layOut(three, { ...limits, bankBytes: 2048 }).banks).toEqual([2048, 1024]);
  });
});

describe('neededOperations', () => {
  it('keeps what leads to something lasting, in-place writers included', () => {
    const write = (id: string) => ({ id, writes: true });
    const read = (id: string) => ({ id, writes: false });
    const operations = [
      [write('a')],
      [write('b'), read('a')],
      [write('unused'), read('a')],
      [write('b')],
      [write('out'), read('b')],
      [write('late'), read('out')],
    ];
    expect(neededOperations(operations, (id) => id === 'out')).toEqual([
      true,
      true,
      false,
      true,
      true,
      false,
    ]);
  });
});
