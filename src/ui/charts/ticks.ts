/** Round numbers (1, 2, 2.5 or 5 times a power of ten) from at or below `low` to at or above `high`, about `count` of them. */
export function linearTicks(low: number, high: number, count: number): number[] {
  const span = high - low;
  if (!(span > 0) || !Number.isFinite(span)) return [low];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** Ticks of a log axis that cover [low, high], both above 0: powers of ten, with 2 and 5 between where there are few. */
export function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.ceil(Math.log10(high) - 1e-9);
  const decades = Array.from({ length: Math.max(1, last - first) + 1 }, (_, index) => first + index);
  const factors = decades.length > 4 ? [1] : [1, 2, 5];
  const all = decades.flatMap((decade) =>
    factors.map((factor) => Number((factor * 10 ** decade).toPrecision(6))),
  );
  const from = all.findLastIndex((tick) => tick <= low * (1 + 1e-9));
  const to = all.findIndex((tick) => tick >= high * (1 - 1e-9));
  return all.slice(Math.max(0, from), to < 0 ? undefined : to + 1);
}

/** Whole-numbered ticks of a step axis from 0 to `last`; the last tick may lie below `last`. */
export function stepTicks(last: number, count: number): number[] {
  if (last <= 0) return [0];
  return linearTicks(0, last, count).filter((tick) => tick <= last && Number.isInteger(tick));
}

/** 1,000 steps as "1k": short enough never to be cut off at an axis's end. */
export function formatStep(step: number): string {
  if (step >= 10_000) return `${Number((step / 1000).toFixed(1))}k`;
  return step.toLocaleString('en');
}
