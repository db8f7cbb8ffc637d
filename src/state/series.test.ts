import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MetricsRow } from '../protocol/results';
import { lossRows } from './lossRows';
import { MetricSeries } from './series';

const row = (step: number, loss = 1 / step): MetricsRow => ({
  step,
  epoch: 0,
  loss,
  classificationLoss: loss / 2,
  supconLoss: loss * 5,
  learningRate: 0.01,
  stepSeconds: 0.03,
});
const rows = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => row(from + index));

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('MetricSeries', () => {
  it('holds rows in order and grows past its first buffers', () => {
    const series = new MetricSeries(5000);
    series.append(rows(1, 3000));
    expect(series.length).toBe(3000);
    expect([series.at('step', 0), series.at('step', 2999)]).toEqual([1, 3000]);
    expect(series.at('loss', 9)).toBeCloseTo(0.1, 12);
    expect(series.at('step', 3000)).toBeNaN();
  });

  it('forgets the oldest rows once it is full', () => {
    const series = new MetricSeries(100);
    series.append(rows(1, 250));
    expect(series.length).toBe(100);
    expect([...series.column('step')]).toEqual(Array.from({ length: 100 }, (_, index) => 151 + index));
  });

  it('replaces what lies after the step a run was resumed from', () => {
    const series = new MetricSeries(100);
    series.append(rows(1, 50));
    series.append([row(41, 9)]);
    expect(series.length).toBe(41);
    expect(series.at('loss', 40)).toBe(9);
  });

  it('tells listeners once for many rows, and at once when cleared', () => {
    const series = new MetricSeries(1000, 250);
    const heard = vi.fn();
    series.subscribe(heard);
    for (let step = 1; step <= 100; step += 1) series.append([row(step)]);
    expect(heard).not.toHaveBeenCalled();
    vi.advanceTimersByTime(250);
    expect(heard).toHaveBeenCalledTimes(1);
    const version = series.version();
    series.clear();
    expect(heard).toHaveBeenCalledTimes(2);
    expect(series.version()).toBe(version + 1);
    expect(series.length).toBe(0);
  });
});

describe('lossRows', () => {
  it('draws few points of many, with the SupCon term as it enters the total', () => {
    const series = new MetricSeries();
    series.append(rows(1, 5000));
    const drawn = lossRows(series, { smoothing: 0, supconWeight: 0.1, limit: 600 });
    expect(drawn).toHaveLength(600);
    expect(drawn[0]).toMatchObject({ step: 1, total: 1, rawTotal: 1, supcon: 0.5 });
    expect(drawn.at(-1)).toMatchObject({ step: 5000 });
  });
});
