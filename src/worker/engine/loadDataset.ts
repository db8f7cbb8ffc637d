import { chooseImages } from '../../compute/analysis/sampleGrid';
import type { ImageDataset, ImageSplit } from '../../data/dataset';
import { DRAWN_SIGNS_PATH } from '../../data/drawn/demoExperiment';
import { drawnSigns, type DrawnSignsOptions } from '../../data/drawn/drawnSigns';
import { type ChannelStats, channelStats, classCounts } from '../../data/stats';
import { resizedDataset } from '../../data/resizedDataset';
import { withTestPart } from '../../data/subsets';
import { openDataset } from '../../formats/datasets/openDataset';
import { fingerprint } from '../../formats/hash';
import type { InputFile } from '../../formats/input';
import { droppedPath } from '../../protocol/droppedPath';
import type { DatasetSummary, ImageStrip, TransformImagesSummary } from '../../protocol/summaries';
import { ImageKeeper } from './imageKeeper';
import { KeptParts } from './keptParts';

/** A data set ready for use, its decoded pixels kept. */
export interface LoadedDataset {
  readonly dataset: ImageDataset;
  readonly summary: DatasetSummary;
  readonly kept: KeptParts;
  /** Tells the files apart in `experiment.json`; computed when first asked for. */
  fingerprint(): Promise<string>;
}

/** Images for training a transform, ready for use. */
export interface LoadedTransformImages {
  readonly dataset: ImageDataset;
  readonly summary: TransformImagesSummary;
  readonly kept: KeptParts;
  /** The same images at another size, resized from what they were. */
  at(size: Size): Promise<LoadedTransformImages>;
  /** Tells the files apart; computed when first asked for. */
  fingerprint(): Promise<string>;
}

type Size = Pick<ImageDataset, 'height' | 'width'>;

/** How a load reports on itself and is called off. */
export interface LoadOptions {
  readonly onProgress?: (done: number, total: number | null, note: string) => void;
  readonly signal?: AbortSignal;
  /** Keeps decoded images; where absent, as many as fit stay in memory. */
  readonly keeper?: ImageKeeper;
}

/** Mean and deviation are taken over so many images: the standard error is far below what the card shows. */
const STATISTICS_SAMPLE = 1000;
const STATISTICS_SEED = 1;
const PREVIEW_IMAGES = 60;
/** No request for images gets more at once. */
const MAX_STRIP = 500;

/**
 * Opens a data set from dropped files, `testFiles` being its test part where that lies apart.
 * @throws StudioError as `openDataset` and `withTestPart`.
 */
export async function loadDataset(
  files: readonly InputFile[],
  testFiles: readonly InputFile[] | null,
  options: LoadOptions = {},
): Promise<LoadedDataset> {
  const opened = await openDataset(files, options);
  const whole = testFiles ? withTestPart(opened, await openDataset(testFiles, options)) : opened;
  return finish(whole, droppedPath(files), () => fingerprint([...files, ...(testFiles ?? [])]), options);
}

/**
 * Images that a transform is trained on, where they are not those evaluated on (`dataset.transformPath`): at the size
 * that is evaluated, decoded once as far as that can be kept. Labels may be there and are not looked at.
 * @param path what the experiment calls them.
 * @throws StudioError as `openDataset`.
 */
export async function loadTransformImages(
  path: string,
  files: readonly InputFile[],
  size: Size,
  options: LoadOptions = {},
): Promise<LoadedTransformImages> {
  const opened = await openDataset(files, options);
  let known: Promise<string> | null = null;
  const identify = () => (known ??= fingerprint(files));
  return transformImagesAt(path, opened, size, options.keeper ?? new ImageKeeper(null), identify);
}

async function transformImagesAt(
  path: string,
  opened: ImageDataset,
  { height, width }: Size,
  keeper: ImageKeeper,
  identify: () => Promise<string>,
): Promise<LoadedTransformImages> {
  const { train, ...rest } = resizedDataset(opened, height, width);
  const kept = await keeper.keep(train, height * width * 3, opened.name);
  const parts = new KeptParts([kept]);
  const status = parts.status();
  return {
    dataset: { ...rest, train: kept.split, test: null },
    kept: parts,
    summary: {
      path,
      format: opened.format,
      count: train.count,
      height: opened.height,
      width: opened.width,
      labelled: train.labels !== null,
      notes: opened.notes ?? [],
      ...(status ? { kept: status } : {}),
    },
    at: (size) => transformImagesAt(path, opened, size, keeper, identify),
    fingerprint: identify,
  };
}

/** The built-in signs as a data set. */
export function loadDrawnSigns(
  signs: DrawnSignsOptions = {},
  options: LoadOptions = {},
): Promise<LoadedDataset> {
  const dataset = drawnSigns(signs);
  const name = `drawn:signs train ${dataset.train.count} test ${dataset.test?.count ?? 0} seed ${signs.seed ?? 1}`;
  return finish(dataset, DRAWN_SIGNS_PATH, () => Promise.resolve(name), options);
}

async function finish(
  source: ImageDataset,
  path: string | null,
  identify: () => Promise<string>,
  options: LoadOptions,
): Promise<LoadedDataset> {
  const imageBytes = source.height * source.width * 3;
  const keeper = options.keeper ?? new ImageKeeper(null);
  const train = await keeper.keep(source.train, imageBytes, source.name);
  const test = source.test && (await keeper.keep(source.test, imageBytes, `${source.name}, test part`));
  const kept = new KeptParts(test ? [train, test] : [train]);
  const dataset: ImageDataset = { ...source, train: train.split, test: test && test.split };
  options.onProgress?.(0, null, 'Measuring the images');
  try {
    const statistics = await channelStats(dataset.train, STATISTICS_SEED, STATISTICS_SAMPLE, options.signal);
    const status = kept.status();
    const summary = { ...summaryOf(dataset, path, statistics), ...(status ? { kept: status } : {}) };
    let known: Promise<string> | null = null;
    return { dataset, summary, kept, fingerprint: () => (known ??= identify()) };
  } catch (error) {
    await kept.close();
    throw error;
  }
}

function summaryOf(dataset: ImageDataset, path: string | null, statistics: ChannelStats): DatasetSummary {
  const classes = dataset.classNames.length;
  const counts = (split: ImageSplit | null) => {
    const found = split && classCounts(split, classes);
    return found ? [...found] : null;
  };
  return {
    name: dataset.name,
    path,
    format: dataset.format,
    classNames: dataset.classNames,
    height: dataset.height,
    width: dataset.width,
    trainCount: dataset.train.count,
    testCount: dataset.test?.count ?? null,
    labelled: dataset.train.labels !== null,
    trainPerClass: counts(dataset.train),
    testPerClass: counts(dataset.test),
    mean: statistics.mean,
    std: statistics.std,
    statisticsSample: statistics.sample,
    ...(dataset.notes ? { notes: dataset.notes } : {}),
    decodedBytes: (dataset.train.count + (dataset.test?.count ?? 0)) * dataset.height * dataset.width * 3,
  };
}

/** The images of a split at `indices`, packed for the page. */
export async function strip(
  { height, width }: Pick<ImageDataset, 'height' | 'width'>,
  split: ImageSplit,
  indices: readonly number[],
): Promise<ImageStrip> {
  return {
    count: indices.length,
    height,
    width,
    pixels: await split.read(indices),
    labels: indices.map((index) => split.labels?.[index] ?? null),
  };
}

/** A few images of every class for the data card, one class after the other. */
export async function previewOf({ dataset }: LoadedDataset): Promise<ImageStrip> {
  const split = dataset.train;
  const count = Math.max(PREVIEW_IMAGES, dataset.classNames.length);
  const chosen = chooseImages(split, count, STATISTICS_SEED);
  const label = (index: number) => split.labels?.[index] ?? 0;
  return strip(
    dataset,
    split,
    chosen.sort((a, b) => label(a) - label(b) || a - b),
  );
}

/** `count` images from `offset` on, of one class or of all, in the data set's order. */
export async function imagesOf(
  { dataset }: LoadedDataset,
  request: {
    readonly split: 'train' | 'test';
    readonly classIndex: number | null;
    readonly offset: number;
    readonly count: number;
  },
): Promise<ImageStrip> {
  const split = request.split === 'train' ? dataset.train : dataset.test;
  const empty = { count: 0, height: dataset.height, width: dataset.width, labels: [] };
  if (!split) return { ...empty, pixels: new Uint8Array(0) };
  const indices: number[] = [];
  let skipped = 0;
  const wanted = Math.min(request.count, MAX_STRIP);
  for (let i = 0; i < split.count && indices.length < wanted; i++) {
    if (request.classIndex !== null && split.labels?.[i] !== request.classIndex) continue;
    if (skipped++ >= request.offset) indices.push(i);
  }
  return strip(dataset, split, indices);
}
