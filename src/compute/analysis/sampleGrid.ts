import type { ImageDataset, ImageSplit } from '../../data/dataset';
import { toUnitFloats } from '../../data/pixels';
import { PURPOSE, RandomStream } from '../../data/random';
import type { SampleGrid } from '../../protocol/messages';
import type { ImageStrip } from '../../protocol/summaries';
import type { Trigger } from '../attacks/attack';
import type { PreparedDefense } from '../defenses/defense';
import { tf } from '../tf';
import type { Predict } from './evaluate';

/** What a grid is made of. */
export interface SampleGridOptions {
  /** Steps trained so far; only written down. */
  readonly step: number;
  readonly dataset: Pick<ImageDataset, 'height' | 'width'>;
  readonly split: ImageSplit;
  /** How many images; they go round the classes. */
  readonly count: number;
  /** Which images of a class depends on the seed alone, so the same ones come back after every step. */
  readonly seed: number;
  readonly trigger: Trigger | null;
  /** Probabilities of the undefended model, [N, K]. */
  readonly original: Predict;
  /** Null before there is one: then only the first rows are there. */
  readonly defense: PreparedDefense | null;
}

type Row = SampleGrid['rows'][number];

/**
 * The images of Fig. 6-8: clean, triggered, and both through the transform, each with its final label and the
 * probability of that label. Rows without a trigger or a defence are left out. No tensor is left.
 * @throws what reading the images throws.
 */
export async function sampleGrid(options: SampleGridOptions): Promise<SampleGrid> {
  const { step, split, trigger, original, defense } = options;
  const indices = chooseImages(split, options.count, options.seed);
  const labels = indices.map((index) => split.labels?.[index] ?? null);
  const clean = toUnitFloats(await split.read(indices));
  const triggered = trigger?.apply(clean, indices.length) ?? null;
  const rows: Row[] = [];
  const add = async (kind: Row['kind'], pixels: Float32Array, through: PreparedDefense | null) => {
    rows.push(await rowOf(kind, pixels, labels, options.dataset, through, original));
  };
  await add('clean', clean, null);
  if (triggered) await add('triggered', triggered, null);
  if (defense) await add('transformed-clean', clean, defense);
  if (defense && triggered) await add('transformed-triggered', triggered, defense);
  return { step, rows, labels };
}

/** `count` images (all of them where there are fewer), seeded: one of each class, then a second of each, ... */
export function chooseImages(split: ImageSplit, count: number, seed: number): number[] {
  const classes = new Map<number, number[]>();
  for (let i = 0; i < split.count; i++) {
    const label = split.labels?.[i] ?? 0;
    const members = classes.get(label);
    if (members) members.push(i);
    else classes.set(label, [i]);
  }
  const queues = [...classes.entries()]
    .sort(([a], [b]) => a - b)
    .map(([label, members]) => new RandomStream(seed, PURPOSE.sample, label).shuffle(members));
  const chosen: number[] = [];
  for (let round = 0; chosen.length < Math.min(count, split.count); round++) {
    for (const queue of queues) {
      const index = queue[round];
      if (index !== undefined && chosen.length < count) chosen.push(index);
    }
  }
  return chosen;
}

/** Pixels in [0,1] as uint8, rounded; what lies outside is clamped. */
export function toBytes(pixels: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(pixels, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255));
}

async function rowOf(
  kind: Row['kind'],
  floats: Float32Array,
  labels: readonly (number | null)[],
  { height, width }: { readonly height: number; readonly width: number },
  defense: PreparedDefense | null,
  original: Predict,
): Promise<Row> {
  const count = labels.length;
  const pixels = tf.tensor4d(floats, [count, height, width, 3]);
  const shown = defense?.purify(pixels) ?? null;
  const scores = tf.tidy(() => (defense ? defense.predict(pixels) : original(pixels)));
  const best = tf.argMax<tf.Tensor1D>(scores, 1);
  const confidence = tf.max<tf.Tensor1D>(scores, 1);
  tf.dispose([pixels, scores]);
  const strip = async (): Promise<ImageStrip> => ({
    count,
    height,
    width,
    pixels: toBytes(shown ? await shown.data() : floats),
    labels,
  });
  const [images, predictions, confidences] = await Promise.all([strip(), best.data(), confidence.data()]);
  tf.dispose(shown ? [shown, best, confidence] : [best, confidence]);
  return { kind, images, predictions: [...predictions], confidences: [...confidences] };
}
