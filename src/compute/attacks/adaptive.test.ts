import { describe, expect, it } from 'vitest';
import { curledFox, flame, fourCorners, type PatchDrawing, shield } from '../../data/drawn/patches';
import { adaptive } from './adaptive';
import type { TriggerContext } from './attack';

const context: TriggerContext = {
  height: 32,
  width: 32,
  classes: 10,
  target: 4,
  seed: 5,
  image: () => Promise.reject(new Error('no image was asked for')),
};
const labels = Int32Array.from({ length: 1000 }, (_, i) => i % 10);
const split = { count: 1000, labels, read: () => Promise.reject(new Error('unused')) };
const black = (side = 32) => new Float32Array(side * side * 3);

/** Cells a drawing covers: how many, and the box around them. */
function extent(drawing: PatchDrawing) {
  const cells = Array.from({ length: 1024 }, (_, i) => [Math.floor(i / 32), i % 32] as const);
  const covered = cells.filter(([row, column]) => drawing(row, column) !== null);
  const rows = covered.map(([row]) => row);
  const columns = covered.map(([, column]) => column);
  return [covered.length, Math.min(...rows), Math.max(...rows), Math.min(...columns), Math.max(...columns)];
}

describe('the drawn triggers', () => {
  it('lie where the published ones do, and are as large', () => {
    expect(extent(flame)).toEqual([25, 27, 31, 27, 31]);
    expect(extent(fourCorners)).toEqual([16, 0, 31, 0, 31]);
    // The published one covers 140 of the same box; a disc of this width has 137.
    expect(extent(curledFox)).toEqual([137, 1, 13, 18, 30]);
    expect(extent(shield)).toEqual([64, 21, 28, 21, 28]);
  });

  it('have colours within [0,1] that no mask could take for black', () => {
    for (const drawing of [flame, fourCorners, curledFox, shield]) {
      for (let i = 0; i < 1024; i++) {
        const colour = drawing(Math.floor(i / 32), i % 32);
        if (colour === null) continue;
        expect(Math.min(...colour)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...colour)).toBeLessThanOrEqual(1);
        expect(Math.max(...colour)).toBeGreaterThan(0.1);
      }
    }
  });
});

describe('adaptive', () => {
  it('is tested with the first two triggers in full', async () => {
    const attack = await adaptive.prepare({}, context);
    const out = attack.apply(black(), 1);
    for (let i = 0; i < 1024; i++) {
      const [row, column] = [Math.floor(i / 32), i % 32];
      // The corners lie over the flame where both are.
      const wanted = fourCorners(row, column) ?? flame(row, column) ?? [0, 0, 0];
      [0, 1, 2].forEach((c) => expect(out[3 * i + c]).toBeCloseTo(wanted[c]!, 6));
    }
    const mirrored = (await adaptive.prepare({ test: 'mirrored' }, context)).apply(black(), 1);
    expect(mirrored[(28 * 32 + 1) * 3]).toBe(out[(28 * 32 + 30) * 3]);
  });

  it('trains with trigger i mod 4, faint, on poisoned and cover images, which are not the same', async () => {
    const attack = await adaptive.prepare({ rate: 0.02, coverRate: 0.04 }, context);
    const plan = attack.plan(labels, 1);
    expect([plan.poison.length, plan.cover.length, plan.relabel]).toEqual([20, 40, 'target']);
    expect(new Set([...plan.poison, ...plan.cover]).size).toBe(60);
    const poisoner = await attack.poisoner(plan, { split, seed: 3 });
    const train = (index: number) => {
      const pixels = black();
      poisoner.apply(pixels, Uint32Array.of(index), 0);
      return pixels;
    };
    const drawings = [flame, fourCorners, curledFox, shield];
    for (const list of [plan.poison, plan.cover]) {
      list.slice(0, 8).forEach((index, place) => {
        const pixels = train(index);
        const alpha = [0.5, 0.5, 0.2, 0.3][place % 4]!;
        for (let i = 0; i < 1024; i++) {
          const colour = drawings[place % 4]!(Math.floor(i / 32), i % 32) ?? [0, 0, 0];
          expect(pixels[3 * i]).toBeCloseTo(alpha * colour[0], 6);
        }
      });
    }
    const clean = labels.findIndex((_, i) => !plan.poison.includes(i) && !plan.cover.includes(i));
    expect(train(clean)).toEqual(black());
    const quarters = await adaptive.prepare({ rate: 0.02, coverRate: 0.04, assignment: 'quarters' }, context);
    const other = await quarters.poisoner(plan, { split, seed: 3 });
    const pixels = black();
    other.apply(pixels, Uint32Array.of(plan.poison[9]!), 0);
    expect(pixels[0]).toBe(0.5);
  });

  it('scales with the images, and takes the paper’s rates for them', async () => {
    const attack = await adaptive.prepare({}, { ...context, height: 224, width: 224 });
    const out = attack.apply(black(224), 1);
    const covered = Array.from(
      { length: 224 * 224 },
      (_, i) => out[3 * i]! + out[3 * i + 1]! + out[3 * i + 2]!,
    );
    expect(covered.filter((sum) => sum > 0).length).toBe((25 + 16 - 4) * 49);
    expect([attack.options['rate'], attack.options['coverRate']]).toEqual([0.03, 0.06]);
    const small = await adaptive.prepare({}, context);
    expect([small.options['rate'], small.options['coverRate']]).toEqual([0.01, 0.02]);
  });

  it('takes a picture of the person’s own, and refuses a black one', async () => {
    const data = new Uint8Array(2 * 2 * 3);
    data[0] = 200;
    const image = (id: string) =>
      Promise.resolve({ height: 2, width: 2, data: id === 'black.png' ? new Uint8Array(12) : data });
    const attack = await adaptive.prepare({ image1: 'dot.png' }, { ...context, image });
    const out = attack.apply(black(), 1);
    expect(Math.round(out[(3 * 32 + 3) * 3]! * 255)).toBe(200);
    expect(out[(20 * 32 + 20) * 3]).toBeLessThan(0.5);
    expect(out[(28 * 32 + 28) * 3]).toBe(0);
    await expect(adaptive.prepare({ image2: 'black.png' }, { ...context, image })).rejects.toThrow(
      'The picture black.png of the adaptive trigger is black all over, so its mask is empty.',
    );
  });
});
