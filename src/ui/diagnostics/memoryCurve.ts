import type { MemorySample } from '../../state/diagnosticsStore';

/** A curve in a box of 1000 by 100: the oldest sample at the left, zero at the bottom. */
export interface MemoryCurve {
  /** SVG path data; empty with fewer than two samples. */
  readonly path: string;
  readonly most: number;
  readonly minutes: number;
}

/** `value` of the samples over time. */
export function memoryCurve(
  samples: readonly MemorySample[],
  value: (sample: MemorySample) => number,
): MemoryCurve {
  const [first] = samples;
  const last = samples.at(-1);
  const most = Math.max(0, ...samples.map(value));
  if (!first || !last || last.at === first.at) return { path: '', most, minutes: 0 };
  const span = last.at - first.at;
  const points = samples.map((sample) => {
    const x = (1000 * (sample.at - first.at)) / span;
    const y = 100 - (100 * value(sample)) / Math.max(1, most);
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return { path: `M${points.join(' L')}`, most, minutes: span / 60_000 };
}
