import { create } from 'zustand';
import type { BenchAsked, BenchResult, KernelReport } from '../protocol/diagnostics';
import type { DecodedReport } from '../protocol/summaries';
import { useDeviceStore } from './deviceStore';
import { IDLE, type Loading } from './loading';

/** What the device held at a moment. */
export interface MemorySample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly tensors: number;
  readonly gpuBytes: number;
}

/** What a benchmark can be chosen of. */
export const BENCH_CHOICES = {
  channels: [4, 8, 16, 32, 64],
  width: [4, 8, 16, 64],
  batch: [8, 32, 64, 256],
  steps: [2, 5, 10],
} as const;

/** The choice as the panel has it: every combination of the three lists is a size. */
export interface BenchChoice {
  readonly kind: BenchAsked['kind'];
  readonly channels: readonly number[];
  readonly width: readonly number[];
  readonly batch: readonly number[];
  readonly steps: number;
}

interface DiagnosticsState {
  readonly report: KernelReport | null;
  readonly memory: readonly MemorySample[];
  /** What is kept decoded on disk; null before it was read. */
  readonly decoded: DecodedReport | null;
  /** Null: what suits the adapter. */
  readonly choice: BenchChoice | null;
  readonly bench: Loading;
  readonly result: BenchResult | null;
}

export const useDiagnosticsStore = create<DiagnosticsState>()(() => ({
  report: null,
  memory: [],
  decoded: null,
  choice: null,
  bench: IDLE,
  result: null,
}));

/** At one reading in five seconds, half an hour. */
const MAX_SAMPLES = 360;
/** A size may take two minutes before its slower columns are left out. */
const BUDGET_SECONDS = 120;

useDeviceStore.subscribe(({ memory }, before) => {
  if (memory === null || memory === before.memory) return;
  useDiagnosticsStore.setState((state) => ({
    memory: [...state.memory, { at: Date.now(), ...memory }].slice(-MAX_SAMPLES),
  }));
});

/** A size that an adapter finishes in well under a minute. */
export function suitingChoice(software: boolean): BenchChoice {
  const [size, batch] = software ? [4, 8] : [16, 32];
  return { kind: 'steps', channels: [size], width: [size], batch: [batch], steps: software ? 2 : 5 };
}

/** The choice as a request; null where a list is empty. */
export function askedOf({ kind, channels, width, batch, steps }: BenchChoice): BenchAsked | null {
  const sizes =
    kind === 'kernels'
      ? batch.slice(0, 1).map((images) => ({ channels: 8, width: 8, batch: images }))
      : batch.flatMap((images) =>
          width.flatMap((wide) => channels.map((first) => ({ channels: first, width: wide, batch: images }))),
        );
  return sizes.length === 0 ? null : { kind, sizes, steps, budgetSeconds: BUDGET_SECONDS };
}

/** The choice with `value` of a list taken in or out. Kernels are measured with one batch at a time. */
export function toggled(
  choice: BenchChoice,
  list: 'channels' | 'width' | 'batch',
  value: number,
): BenchChoice {
  const alone = list === 'batch' && choice.kind === 'kernels';
  const held = choice[list];
  const next = alone
    ? [value]
    : held.includes(value)
      ? held.filter((one) => one !== value)
      : [...held, value].sort((a, b) => a - b);
  return { ...choice, [list]: next };
}
