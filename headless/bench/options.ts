import { parseArgs } from 'node:util';
import type { StepSize } from '../../src/compute/bench/stepCost';
import { TILE_REQUESTS, type TileRequest } from '../../src/compute/bench/tiles';
import { StudioError } from '../../src/protocol/errors';

/** What `headless bench` was asked for. */
export interface BenchOptions {
  readonly mode: 'step' | 'sweep' | 'steady' | 'kernels' | 'profile';
  /** One size, or a sweep's. */
  readonly sizes: readonly StepSize[];
  /** Steps after the first; of `steady`, steps in all; of `kernels` and `profile`, rounds. */
  readonly steps: number;
  /** Seconds that one size may take. */
  readonly budgetSeconds: number;
  /** `--ours` leaves the stock column out, which takes most of the time. */
  readonly stock: boolean;
  /** Ours once more without a plan. */
  readonly unplanned: boolean;
  readonly jax: boolean;
  /** Lists dispatches by kernel. */
  readonly byKernel: boolean;
  /** Of `kernels`: only folders whose name contains this. */
  readonly only: string;
  /** What our convolutions run; `tuned` where not given: measured on a GPU, the register family on a software adapter. */
  readonly tile: TileRequest;
  readonly markdown: boolean;
  /** In a headless Chrome instead of Node. */
  readonly chrome: boolean;
}

/** What the table has. */
const SWEEP = { channels: [8, 16, 32, 64], width: [8, 16, 64], batch: [32, 256] } as const;
const DEFAULT_BUDGET = { step: 3600, sweep: 120 } as const;

/**
 * Reads the command line. `--channels`, `--width` and `--batch` take lists ("8,16") in a sweep.
 * @throws StudioError `experiment/invalid` naming the option and what it wants.
 */
export function benchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      channels: { type: 'string' },
      width: { type: 'string' },
      batch: { type: 'string' },
      steps: { type: 'string' },
      budget: { type: 'string' },
      ours: { type: 'boolean', default: false },
      unplanned: { type: 'boolean', default: false },
      jax: { type: 'boolean', default: false },
      kernels: { type: 'boolean', default: false },
      'kernels-only': { type: 'boolean', default: false },
      only: { type: 'string' },
      tile: { type: 'string', default: 'tuned' },
      sweep: { type: 'boolean', default: false },
      steady: { type: 'string' },
      profile: { type: 'boolean', default: false },
      markdown: { type: 'boolean', default: false },
      chrome: { type: 'boolean', default: false },
    },
  });
  const mode = modeOf({ ...values, kernelsOnly: values['kernels-only'] });
  if (values.jax && mode !== 'step' && mode !== 'sweep')
    throw wrong('jax', 'is a column of the step and of --sweep only');
  if (values.only !== undefined && mode !== 'kernels') throw wrong('only', 'goes with --kernels-only');
  const list = (name: 'channels' | 'width' | 'batch', fallback: number): readonly number[] => {
    const text = values[name];
    if (mode !== 'sweep') return [positive(name, text ?? String(fallback))];
    return text === undefined ? SWEEP[name] : text.split(',').map((part) => positive(name, part));
  };
  const [channels, widths, batches] = [list('channels', 8), list('width', 8), list('batch', 32)];
  const sizes = batches.flatMap((batch) =>
    widths.flatMap((width) => channels.map((channel) => ({ channels: channel, width, batch }))),
  );
  const steps = positive('steps', values.steps ?? '5');
  const budget = DEFAULT_BUDGET[mode === 'sweep' ? 'sweep' : 'step'];
  return {
    mode,
    sizes,
    steps: mode === 'steady' ? positive('steady', values.steady ?? '') : steps,
    budgetSeconds: positive('budget', values.budget ?? String(budget)),
    stock: !values.ours,
    unplanned: values.unplanned,
    jax: values.jax,
    byKernel: values.kernels,
    only: values.only ?? '',
    tile: tileOf(values.tile),
    markdown: values.markdown,
    chrome: values.chrome,
  };
}

function modeOf(values: {
  readonly sweep: boolean;
  readonly steady?: string | undefined;
  readonly kernelsOnly: boolean;
  readonly profile: boolean;
}): BenchOptions['mode'] {
  const asked = [
    ...(values.sweep ? (['sweep'] as const) : []),
    ...(values.steady === undefined ? [] : (['steady'] as const)),
    ...(values.kernelsOnly ? (['kernels'] as const) : []),
    ...(values.profile ? (['profile'] as const) : []),
  ];
  const [mode = 'step', other] = asked;
  if (other === undefined) return mode;
  throw new StudioError(
    'experiment/invalid',
    'Choose one of --sweep, --steady, --kernels-only and --profile; each is a measurement of its own.',
  );
}

function tileOf(text: string): TileRequest {
  const tile = TILE_REQUESTS.find((known) => known === text);
  if (tile) return tile;
  throw wrong('tile', `wants one of ${TILE_REQUESTS.join(', ')}, not "${text}"`);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value > 0) return value;
  throw wrong(name, `wants a whole number above 0, not "${text}"`);
}

function wrong(name: string, what: string): StudioError {
  return new StudioError('experiment/invalid', `--${name} ${what}.`, { subject: name });
}
