import { StudioError } from '../../protocol/errors';
import { elementCount, readNumbers, readTexts, type ArrayFile } from './arrayFile';
import type { OpenOptions } from './format';
import type { ImageDataset, ImageSplit } from './imageDataset';
import { pixelSplit } from './pixelArray';
import { pixelGeometry, type PixelGeometry } from './pixelGeometry';

/** Labels up to this are believed; ImageNet-21k has 21,841 classes. */
const MAX_CLASSES = 100_000;
/** A label array has one entry an image. */
const MAX_LABELS = 2 ** 26;

type Part = 'train' | 'test' | 'validation';

interface Images {
  readonly array: ArrayFile;
  readonly geometry: PixelGeometry;
  readonly part: Part;
}

/**
 * The data set that some arrays make. What is images and what is labels is told by shape, then by name; the part by
 * the words train, test (or MNIST's t10k) and val in the name. Names in use: x_train / y_train, train_images /
 * train_labels, images / labels, data / targets, arr_0 / arr_1. A validation part counts where there is no test part.
 * An array of texts as long as there are classes gives the class names.
 * @throws StudioError `dataset/no-images`, `dataset/bad-labels`, `dataset/mixed-sizes`, and `pixelSplit`'s codes.
 */
export async function arrayDataset(
  name: string,
  format: string,
  arrays: readonly ArrayFile[],
  options: OpenOptions,
): Promise<ImageDataset> {
  const images = imagesAmong(arrays, name);
  const parts = new Map<Part, ImageSplit>();
  const [first] = images;
  if (first === undefined) throw noImages(arrays, name);
  for (const { array, geometry, part } of images) {
    const { height, width } = first.geometry;
    if (geometry.height !== height || geometry.width !== width) {
      throw new StudioError(
        'dataset/mixed-sizes',
        `${array.path} has images of ${geometry.width}x${geometry.height} pixels and ${first.array.path} of ${width}x${height}.`,
        { subject: array.path },
      );
    }
    const labels = await labelsFor({ array, geometry, part }, arrays, images.length);
    parts.set(part, await pixelSplit(array, geometry, labels, options));
  }
  const train = parts.get('train') ?? parts.get('test') ?? parts.get('validation');
  if (train === undefined) throw noImages(arrays, name);
  const test = parts.has('train') ? (parts.get('test') ?? parts.get('validation') ?? null) : null;
  const highest = Math.max(highestLabel(train), test ? highestLabel(test) : -1);
  return {
    name,
    format,
    classNames: highest < 0 ? [] : await classNames(arrays, highest + 1),
    height: first.geometry.height,
    width: first.geometry.width,
    train,
    test,
  };
}

function partOf(key: string): Part {
  if (/train/i.test(key)) return 'train';
  if (/test|t10k/i.test(key)) return 'test';
  return /val/i.test(key) ? 'validation' : 'train';
}

const LABEL_NAME = /(?:^|[_-])(?:y|labels?|targets?)(?:$|[_-])|labels?|targets?/i;
const IMAGE_NAME = /(?:^|[_-])(?:x|images?|imgs?|data|pixels|inputs?|features?)(?:$|[_-])|images?|imgs?/i;

/** One array of images a part: where several have the shape, those named as images. */
function imagesAmong(arrays: readonly ArrayFile[], name: string): Images[] {
  const shaped = arrays.flatMap((array): Images[] => {
    const geometry = LABEL_NAME.test(array.key) || array.type.kind === 'text' ? null : pixelGeometry(array);
    return geometry === null ? [] : [{ array, geometry, part: partOf(array.key) }];
  });
  const chosen: Images[] = [];
  for (const part of ['train', 'test', 'validation'] as const) {
    const all = shaped.filter((images) => images.part === part);
    const named = all.filter(({ array }) => IMAGE_NAME.test(array.key));
    const [one, other] = named.length > 0 ? named : all;
    if (one !== undefined && other !== undefined) {
      throw new StudioError(
        'dataset/bad-labels',
        `${name} has two arrays that could be its images, ${one.array.key} and ${other.array.key}; keep one of them.`,
        { subject: other.array.path },
      );
    }
    if (one !== undefined) chosen.push(one);
  }
  return chosen;
}

async function labelsFor(
  images: Images,
  arrays: readonly ArrayFile[],
  parts: number,
): Promise<Int32Array | null> {
  const { array, geometry, part } = images;
  const fitting = arrays.filter(
    (other) =>
      other !== array &&
      other.type.kind !== 'text' &&
      (parts === 1 || partOf(other.key) === part) &&
      isLabels(other),
  );
  const named = fitting.filter(({ key }) => LABEL_NAME.test(key));
  const [labels] = named.length > 0 ? named : fitting;
  if (labels === undefined) return null;
  const count = labels.shape[0] ?? 0;
  if (count !== geometry.count) {
    throw new StudioError(
      'dataset/bad-labels',
      `${labels.path} has ${count} labels for the ${geometry.count} images of ${array.path}.`,
      { subject: labels.path },
    );
  }
  return readLabels(labels);
}

/** [N], [N, 1], or [N, C] of a one-hot code. */
function isLabels({ shape, key }: ArrayFile): boolean {
  return shape.length === 1 || (shape.length === 2 && (shape[1] === 1 || LABEL_NAME.test(key)));
}

async function readLabels(array: ArrayFile): Promise<Int32Array> {
  const { shape, path, fortranOrder } = array;
  const [count = 0, columns = 1] = shape;
  if (count * columns > MAX_LABELS) {
    throw new StudioError('file/too-large', `${path} has ${count} x ${columns} labels.`, { subject: path });
  }
  const values = await readNumbers(array, 0, elementCount(shape));
  const bad = (why: string) => new StudioError('dataset/bad-labels', `${path} ${why}.`, { subject: path });
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    let label = values[i] ?? NaN;
    if (columns > 1) {
      const at = (k: number) => values[fortranOrder ? k * count + i : i * columns + k] ?? NaN;
      const ones = Array.from({ length: columns }, (_, k) => k).filter((k) => at(k) === 1);
      label = ones.length === 1 ? (ones[0] ?? NaN) : NaN;
      if (Number.isNaN(label)) throw bad(`has several columns and row ${i} is not one 1 among zeros`);
    }
    if (!Number.isInteger(label) || label < 0 || label >= MAX_CLASSES) {
      throw bad(`gives image ${i} the label ${label}, which is not a whole number from 0 on`);
    }
    labels[i] = label;
  }
  return labels;
}

function highestLabel({ labels }: ImageSplit): number {
  return labels?.reduce((highest, label) => Math.max(highest, label), -1) ?? -1;
}

async function classNames(arrays: readonly ArrayFile[], classes: number): Promise<string[]> {
  for (const array of arrays) {
    const texts = await readTexts(array);
    if (texts !== null && texts.length >= classes && texts.every((text) => text !== '')) return texts;
  }
  return Array.from({ length: classes }, (_, i) => String(i));
}

function noImages(arrays: readonly ArrayFile[], name: string): StudioError {
  const [first] = arrays;
  if (first === undefined) {
    return new StudioError('dataset/no-images', `${name} holds no arrays.`, { subject: name });
  }
  const shape = `${first.key} of ${first.shape.join(' x ') || 'no'} elements`;
  const what = arrays.length === 1 ? shape : `${arrays.length} arrays, such as ${shape}`;
  const only = isLabels(first)
    ? ' These look like labels: drop the file of the images together with them.'
    : '';
  return new StudioError('dataset/no-images', `${name} holds ${what}, and none that is images.${only}`, {
    subject: first.path,
  });
}
