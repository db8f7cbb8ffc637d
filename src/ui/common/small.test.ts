import { describe, expect, it } from 'vitest';
import type { ImageStrip } from '../../protocol/summaries';
import { judge } from '../grid/judge';
import { parseNumbers } from '../fields/NumbersField';
import { amplifiedDifference } from '../trigger/difference';
import { commonBounds, nearest, placer } from '../tsne/layout';
import { outOfBounds, parseNumber } from './NumberInput';

describe('typed numbers', () => {
  it('are numbers, nothing, or the text that is neither', () => {
    expect([parseNumber('1e-3', false), parseNumber(' −2 ', false), parseNumber('12a', false)]).toEqual([
      0.001,
      -2,
      '12a',
    ]);
    expect([parseNumber('', true), parseNumber('', false), parseNumber('Infinity', false)]).toEqual([
      null,
      '',
      'Infinity',
    ]);
    expect(parseNumbers('100, 130; 7 x')).toEqual([100, 130, 7, 'x']);
  });

  it('are held to the bounds of a descriptor', () => {
    const bounds = { minimum: 1, maximum: 16, whole: true };
    expect(outOfBounds(3, bounds)).toBeNull();
    expect(outOfBounds(0, bounds)).toBe('Must be at least 1.');
    expect(outOfBounds(17, bounds)).toBe('Must be at most 16.');
    expect(outOfBounds(2.5, bounds)).toBe('Must be a whole number.');
    expect(outOfBounds('x', bounds)).toBe('Must be a number.');
  });
});

describe('judge', () => {
  it('tells right, wrong and fallen for the target apart', () => {
    const shared = { target: 0, triggered: true };
    expect(judge({ ...shared, prediction: 3, label: 3 }).kind).toBe('right');
    expect(judge({ ...shared, prediction: 0, label: 3 }).kind).toBe('target');
    expect(judge({ ...shared, prediction: 0, label: 0 }).kind).toBe('right');
    expect(judge({ ...shared, prediction: 0, label: 3, triggered: false }).kind).toBe('wrong');
    expect(judge({ ...shared, prediction: 5, label: null }).kind).toBe('unknown');
  });
});

describe('amplifiedDifference', () => {
  it('stretches the largest difference to white', () => {
    const strip = (values: readonly number[]): ImageStrip => ({
      count: 1,
      height: 1,
      width: 1,
      pixels: Uint8Array.from(values),
      labels: [null],
    });
    const { strip: difference, factor } = amplifiedDifference(strip([10, 20, 30]), strip([10, 70, 20]));
    expect(factor).toBeCloseTo(5.1, 12);
    expect([...difference.pixels]).toEqual([0, 255, 51]);
    expect(amplifiedDifference(strip([1, 2, 3]), strip([1, 2, 3])).factor).toBe(1);
  });
});

describe('scatter layout', () => {
  it('gives both clouds one rectangle and keeps proportions', () => {
    const bounds = commonBounds([Float32Array.of(0, 0, 10, 5), Float32Array.of(-10, 20)]);
    expect(bounds).toEqual({ left: -10, top: 0, right: 10, bottom: 20 });
    const place = placer(bounds, 220, 120, 10);
    const [x0, y0] = place(-10, 0);
    const [x1, y1] = place(10, 20);
    expect([x1 - x0, y1 - y0]).toEqual([100, 100]);
    expect([y0, y1]).toEqual([10, 110]);
    expect(commonBounds([])).toEqual({ left: 0, top: 0, right: 1, bottom: 1 });
  });

  it('finds the nearest point within reach', () => {
    const at = (index: number) => [index * 10, 0] as const;
    expect(nearest(5, at, [21, 3], 8)).toBe(2);
    expect(nearest(5, at, [25, 30], 8)).toBeNull();
  });
});
