import { describe, expect, it } from 'vitest';
import { rate } from '../../protocol/results';
import {
  formatAgo,
  formatBytes,
  formatDuration,
  formatLive,
  formatPace,
  formatParameters,
  formatPercent,
  formatPoints,
  formatRateCounts,
  formatValue,
} from './format';

describe('format', () => {
  it('shares with their counts', () => {
    expect(formatPercent(0.9041)).toBe('90.4 %');
    expect(formatRateCounts(rate(71, 9000))).toBe('71 of 9,000');
    expect(formatPoints(-0.008)).toBe('−0.8 pt');
    expect(formatPoints(0.0004)).toBe('±0.0 pt');
    expect(formatPoints(0.656)).toBe('+65.6 pt');
  });

  it('sizes', () => {
    expect([512, 999_600, 1_500_000, 412_000_000, 2.5e9].map(formatBytes)).toEqual([
      '512 B',
      '1.0 MB',
      '1.5 MB',
      '412 MB',
      '2.5 GB',
    ]);
    expect([650, 175_258, 11_173_962].map(formatParameters)).toEqual(['650', '175 k', '11.2 M']);
  });

  it('times', () => {
    expect([0.04, 35, 720, 12_000].map(formatDuration)).toEqual(['40 ms', '35 s', '12 min', '3 h 20 min']);
    expect([0, 31.42, 0.25].map(formatPace)).toEqual(['– steps/s', '31.4 steps/s', '4.0 s a step']);
    expect(formatAgo(1000)).toBe('just now');
    expect(formatAgo(60_000)).toBe('60 s ago');
  });

  it('values', () => {
    expect([0, 0.06506, 12.34567, -2.5, 1e-8, Number.NaN].map(formatValue)).toEqual([
      '0',
      '0.06506',
      '12.35',
      '−2.5',
      '1.00e−8',
      '–',
    ]);
    expect([0.29, 1e-5].map(formatLive)).toEqual(['0.290', '1.00e−5']);
  });
});
