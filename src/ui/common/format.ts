import type { Rate } from '../../protocol/results';

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 9,000 */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** 90.4 % */
export function formatPercent(share: number, digits = 1): string {
  return `${(share * 100).toFixed(digits)} %`;
}

/** 71 of 9,000 */
export function formatRateCounts({ count, of }: Rate): string {
  return `${formatCount(count)} of ${formatCount(of)}`;
}

/** +0.8 pt; a true minus sign. */
export function formatPoints(difference: number): string {
  const points = Math.round(difference * 1000) / 10;
  const sign = points > 0 ? '+' : points < 0 ? '−' : '±';
  return `${sign}${Math.abs(points).toFixed(1)} pt`;
}

/** 11.2 M, 173 k, 512 */
export function formatParameters(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} G`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)} M`;
  if (count >= 1e4) return `${(count / 1e3).toFixed(0)} k`;
  return formatCount(count);
}

/** 412 MB (decimal units, as disks and browsers' downloads have them) */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  for (const [unit, size] of [
    ['kB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
  ] as const) {
    const value = bytes / size;
    if (value < 999.5 || unit === 'GB')
      return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
  }
  return `${bytes} B`;
}

/** 35 s, 12 min, 3 h 20 min */
export function formatDuration(seconds: number): string {
  if (seconds < 0.95) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 31.4 steps/s; slow runs in seconds a step, which reads better than 0.04 steps/s. */
export function formatPace(stepsPerSecond: number): string {
  if (stepsPerSecond <= 0) return '– steps/s';
  return stepsPerSecond >= 1
    ? `${stepsPerSecond.toFixed(1)} steps/s`
    : `${(1 / stepsPerSecond).toFixed(1)} s a step`;
}

/** A number of a curve: four significant digits, no trailing noise. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(2).replace('-', '−');
  return Number(value.toPrecision(4)).toString().replace('-', '−');
}

/** A value that changes under the eye: always as many digits, so that it does not jump about. */
export function formatLive(value: number): string {
  return Math.abs(value) >= 0.001 && Math.abs(value) < 100 ? value.toFixed(3) : formatValue(value);
}

/** 20 Nov 2026, 18:47 */
export function formatMoment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? iso
    : date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** "4 s ago" */
export function formatAgo(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 5) return 'just now';
  return `${formatDuration(seconds)} ago`;
}
