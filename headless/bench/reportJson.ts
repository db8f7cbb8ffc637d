import type { BenchReport } from '../../src/compute/bench/runBench';

/** A report as indented JSON. @param byKernel keep the dispatches by kernel of every column, most frequent first. */
export function reportJson(report: BenchReport, byKernel: boolean): string {
  return JSON.stringify(
    report,
    (_key, value: unknown) => {
      if (value instanceof Map)
        return byKernel
          ? Object.fromEntries([...(value as Map<string, number>)].sort((a, b) => b[1] - a[1]))
          : undefined;
      if (typeof value === 'number' && !Number.isInteger(value)) return Number(value.toPrecision(6));
      return value;
    },
    2,
  );
}
