import { chooseImages } from '../../compute/analysis/sampleGrid';
import { cachedSplit } from '../../data/cachedSplit';
import type { ImageDataset, ImageSplit } from '../../data/dataset';
import { drawnSigns, type DrawnSignsOptions } from '../../data/drawn/drawnSigns';
import { channelStats, classCounts } from '../../data/stats';
import { resizedDataset } from '../../data/resizedDataset';
import { withTestPart } from '../../data/subsets';
import { openDataset } from '../../formats/datasets/openDataset';
import { fingerprint } from '../../formats/hash';
import type { InputFile } from '../../formats/input';
import type { DatasetSummary, ImageStrip } from '../../protocol/summaries';

/** A data set ready for use, its decoded pixels cached. */
export interface LoadedDataset {
  readonly dataset: ImageDataset;
  readonly summary: DatasetSummary;
  /** Tells the files apart in `experiment.json`; computed when first asked for. */
  fingerprint(): Promise<string>;
}

/** How a load reports on itself and is called off. */
export interface LoadOptions {
  readonly onProgress?: (done: number, total: number | null, note: string) => void;
  readonly signal?: AbortSignal;
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
  return finish(whole, () => fingerprint([...files, ...(testFiles ?? [])]), options);
}

/**
 * Images that a transform is trained on, where they are not those evaluated on (`dataset.transformPath`): at the size
 * that is evaluated, decoded once as far as the cache reaches. Labels may be there and are not looked at.
 * @throws StudioError as `openDataset`.
 */
export async function loadTransformImages(
  files: readonly InputFile[],
  { height, width }: Pick<ImageDataset, 'height' | 'width'>,
  options: LoadOptions = {},
): Promise<ImageDataset> {
  const dataset = resizedDataset(await openDataset(files, options), height, width);
  return { ...dataset, train: cachedSplit(dataset.train, height * width * 3) };
}

/** The built-in signs as a data set. */
export function loadDrawnSigns(
  signs: DrawnSignsOptions = {},
  options: LoadOptions = {},
): Promise<LoadedDataset> {
  const dataset = drawnSigns(signs);
  const name = `drawn:signs train ${dataset.train.count} test ${dataset.test?.count ?? 0} seed ${signs.seed ?? 1}`;
  return finish(dataset, () => Promise.resolve(name), options);
}

async function finish(
  source: ImageDataset,
  identify: () => Promise<string>,
  options: LoadOptions,
): Promise<LoadedDataset> {
  const imageBytes = source.height * source.width * 3;
  const dataset: ImageDataset = {
    ...source,
    train: cachedSplit(source.train, imageBytes),
    test: source.test && cachedSplit(source.test, imageBytes),
  };
  options.onProgress?.(0, null, 'Measuring the images');
  const statistics = await channelStats(dataset.train, STATISTICS_SEED, STATISTICS_SAMPLE, options.signal);
  const classes = dataset.classNames.length;
  const counts = (split: ImageSplit | null) => {
    const found = split && classCounts(split, classes);
    return found ? [...found] : null;
  };
  const summary: DatasetSummary = {
    name: dataset.name,
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
    decodedBytes: (dataset.train.count + (dataset.test?.count ?? 0)) * imageBytes,
  };
  let known: Promise<string> | null = null;
  return { dataset, summary, fingerprint: () => (known ??= identify()) };
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
