import { describe, expect, it } from 'vitest';
import { drawPlan, lookUp, plannedLabels, type PlanShares } from './poisonPlan';
import { poisoningSummary } from './poisoningSummary';

const labels = Int32Array.from({ length: 1000 }, (_, i) => i % 10);
const shares: PlanShares = { target: 3, rate: 0.1, from: 'all', relabel: 'target' };

describe('drawPlan', () => {
  it('takes the given shares, seeded, uniform over all, disjoint', () => {
    const change = { ...shares, coverRate: 0.2, noiseRate: 0.05 };
    const plan = drawPlan('x', labels, 1, change);
    expect([plan.poison.length, plan.cover.length, plan.noise.length]).toEqual([100, 200, 50]);
    expect(new Set([...plan.poison, ...plan.cover, ...plan.noise]).size).toBe(350);
    expect(drawPlan('x', labels, 1, change)).toEqual(plan);
    expect(drawPlan('x', labels, 2, change).poison).not.toEqual(plan.poison);
    expect(Math.abs(plan.poison.filter((index) => index < 500).length - 50)).toBeLessThan(20);
    expect(plan.poison.some((index) => labels[index] === 3)).toBe(true);
  });

  it('takes a share of the target class alone for clean-label attacks', () => {
    const plan = drawPlan('x', labels, 1, { target: 3, rate: 0.25, from: 'target', relabel: 'keep' });
    expect(plan.poison.length).toBe(25);
    expect([...plan.poison].every((index) => labels[index] === 3)).toBe(true);
    expect(plannedLabels(plan, labels)).toEqual(labels);
  });

  it('says of each image what it is and which of its list', () => {
    const plan = drawPlan('x', labels, 1, { ...shares, coverRate: 0.1 });
    const known = lookUp(plan);
    expect(known.role(plan.poison[7]!)).toBe('poison');
    expect(known.place(plan.poison[7]!)).toBe(7);
    expect([known.role(plan.cover[0]!), known.place(plan.cover[0]!)]).toEqual(['cover', 0]);
    const clean = labels.findIndex((_, i) => !plan.poison.includes(i) && !plan.cover.includes(i));
    expect([known.role(clean), known.place(clean)]).toEqual(['clean', -1]);
    const planned = plannedLabels(plan, labels);
    labels.forEach((label, i) => expect(planned[i]).toBe(known.role(i) === 'poison' ? 3 : label));
  });

  it('refuses to poison nothing, everything, or a class without images', () => {
    expect(() => drawPlan('x', labels, 1, { ...shares, rate: 0.0001 })).toThrow(
      'The option "rate" of the x attack is 0.0001: of 1000 training images not one would be poisoned.',
    );
    expect(() => drawPlan('x', labels, 1, { ...shares, rate: 1 })).toThrow(
      'The x attack would change 1000 of 1000 training images and leave none clean; lower its "rate".',
    );
    expect(() => drawPlan('x', labels, 1, { ...shares, rate: 0.5, coverRate: 0.5 })).toThrow(
      'leave none clean',
    );
    expect(() => drawPlan('x', labels, 1, { ...shares, target: 10, from: 'target' })).toThrow(
      'images of the target class 10, and the training data has none',
    );
  });
});

describe('poisoningSummary', () => {
  it('counts by true class and gives the indices in order', () => {
    const plan = drawPlan('x', labels, 1, { ...shares, coverRate: 0.2, noiseRate: 0.05 });
    const summary = poisoningSummary(plan, labels, 10);
    expect(summary).toMatchObject({ target: 3, count: 1000, poison: 100, cover: 200, noise: 50 });
    expect(summary.relabelled).toBe(100 - summary.classes[3]!.poison);
    const ofFive = (list: Uint32Array) => list.filter((index) => index % 10 === 5).length;
    expect(summary.classes[5]).toEqual({
      label: 5,
      images: 100,
      poison: ofFive(plan.poison),
      cover: ofFive(plan.cover),
      noise: ofFive(plan.noise),
    });
    expect(summary.indices.poison).toEqual([...plan.poison].sort((a, b) => a - b));
    const keep = drawPlan('x', labels, 1, { ...shares, relabel: 'keep' });
    expect(poisoningSummary(keep, labels, 10).relabelled).toBe(0);
  });
});
