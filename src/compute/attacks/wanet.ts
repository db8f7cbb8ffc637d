import { PURPOSE, RandomStream } from '../../data/random';
import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { Attack, PreparedAttack, Trigger, TriggerContext } from './attack';
import { type CheckedOptions, checkOptions, checkTarget, rateOption } from './options';
import { triggerAttack } from './triggerAttack';
import { type Grid, sampleGrid, warpGrid } from './warp';

const OPTIONS: readonly OptionDescriptor[] = [
  {
    key: 'k',
    label: 'Grid points',
    help: 'Random displacements a side, joined smoothly. 4 in the WaNet paper; the published REFINE code takes the image’s side (32), so that every pixel is moved for itself.',
    kind: 'integer',
    default: 4,
    minimum: 2,
    maximum: 1024,
  },
  {
    key: 'strength',
    label: 'Strength',
    help: 'Mean displacement along either axis is about half of this in pixels (s of the paper).',
    kind: 'number',
    default: 0.5,
    minimum: 0.01,
    maximum: 10,
  },
  {
    key: 'gridRescale',
    label: 'Grid scale',
    help: 'The grid is multiplied by it; below 1 the border stays in sight.',
    kind: 'number',
    default: 1,
    minimum: 0.5,
    maximum: 1.5,
  },
  {
    key: 'gridSeed',
    label: 'Seed of the grid',
    help: 'The grid follows from it alone, whatever the experiment’s seed, so that a victim is always tested with the grid it was trained with.',
    kind: 'integer',
    default: 666,
    minimum: 0,
    maximum: 0xffffffff,
  },
  {
    key: 'grid',
    label: 'Grid of your own',
    help: 'A file with the tensor "grid", [1, H, W, 2], as this studio exports it (attack.safetensors); the options above then do not matter.',
    kind: 'file',
    default: null,
  },
  {
    key: 'quantize',
    label: 'Rounding',
    help: '"truncate" cuts the result down to whole grey levels, as the published code does, which warps uint8 images.',
    kind: 'choice',
    default: 'truncate',
    choices: ['truncate', 'none'],
  },
  rateOption(0.1),
  {
    key: 'noise',
    label: 'Noise mode',
    help: 'Also trains on images under a randomly disturbed grid that keep their label, as the WaNet paper does; the published REFINE code leaves it off.',
    kind: 'choice',
    default: 'on',
    choices: ['on', 'off'],
    training: true,
  },
  {
    key: 'crossRatio',
    label: 'Noise images',
    help: 'So many for every poisoned image.',
    kind: 'number',
    default: 2,
    minimum: 0,
    maximum: 100,
    training: true,
  },
];

/** What the warp is made of, given to code that has a grid from elsewhere. */
export interface WarpSettings {
  readonly height: number;
  readonly width: number;
  readonly grid: Grid;
  readonly truncate: boolean;
}

/**
 * `count` images through a grid, with an optional disturbance of it; a new array.
 * @param pixels float32 RGB in [0,1], [count, height, width, 3].
 */
export function warpImages(
  pixels: Float32Array,
  count: number,
  { height, width, grid, truncate }: WarpSettings,
  shift: Float32Array | null = null,
): Float32Array {
  const size = height * width * 3;
  const out = new Float32Array(pixels.length);
  for (let i = 0; i < count; i++) {
    out.set(sampleGrid(pixels.subarray(i * size, (i + 1) * size), height, width, grid, shift), i * size);
  }
  // The margin keeps a whole grey level whole although float32 may hold it a little low.
  return truncate ? out.map((value) => Math.floor(value * 255 + 1e-3) / 255) : out;
}

/** The grid that follows from the options: uniform numbers of `RandomStream(gridSeed, warpGrid)`, x plane then y plane. */
function drawnGrid(checked: CheckedOptions, context: TriggerContext): Grid {
  const k = checked.number('k');
  const random = new RandomStream(checked.number('gridSeed'), PURPOSE.warpGrid);
  const ins = Float64Array.from({ length: 2 * k * k }, () => random.uniform(-1, 1));
  return warpGrid(ins, k, context, checked.number('strength'), checked.number('gridRescale'));
}

function refuseGrid(reason: string): never {
  throw new StudioError('trigger/invalid', `The option "grid" of the wanet trigger ${reason}.`, {
    subject: 'attack.options.grid',
  });
}

/** The grid of a file. @throws StudioError `trigger/invalid`, and what reading the file throws. */
async function givenGrid(path: string, context: TriggerContext): Promise<Grid> {
  const { height, width } = context;
  const tensor = (await context.tensors?.(path))?.get('grid');
  if (!tensor) return refuseGrid(`names ${path}, which holds no tensor "grid"`);
  const { shape, data } = tensor;
  if (shape.join() !== [1, height, width, 2].join()) {
    return refuseGrid(
      `names ${path}, whose grid is ${shape.join('×')}; images of ${height} by ${width} want 1×${height}×${width}×2`,
    );
  }
  if (!data.every((value) => value >= -1 && value <= 1)) {
    return refuseGrid(`names ${path}, whose grid has values outside [-1, 1]`);
  }
  return Float32Array.from(data);
}

/** WaNet (Nguyen & Tran 2021): the image slightly warped by a fixed smooth grid (METHODS 2.2). */
export const wanet: Attack = {
  kind: 'wanet',
  label: 'WaNet',
  description: 'The whole image warped a little, always the same way.',
  options: OPTIONS,
  async prepare(options, context): Promise<PreparedAttack> {
    const checked = checkOptions('wanet', OPTIONS, options, context);
    checkTarget(context);
    const { height, width } = context;
    const path = checked.path('grid');
    const grid = path === null ? drawnGrid(checked, context) : await givenGrid(path, context);
    const settings = { height, width, grid, truncate: checked.choice('quantize') === 'truncate' };
    const rate = checked.number('rate');
    const noisy = checked.choice('noise') === 'on';
    const trigger: Trigger = {
      label:
        path === null
          ? `WaNet, ${checked.number('k')}×${checked.number('k')} grid, strength ${checked.number('strength')}`
          : `WaNet, the grid of ${path}`,
      apply: (pixels, count) => warpImages(pixels, count, settings),
    };
    return triggerAttack({
      kind: 'wanet',
      context,
      checked,
      trigger,
      shares: { noiseRate: noisy ? rate * checked.number('crossRatio') : 0 },
      assets: { grid: { shape: [1, height, width, 2], data: grid } },
      train: (pixels, { role, random }) => {
        if (role === 'poison') return warpImages(pixels, 1, settings);
        if (role !== 'noise') return pixels;
        const shift = Float32Array.from(grid, () => random.uniform(-1, 1) / height);
        return warpImages(pixels, 1, settings, shift);
      },
    });
  },
};
