import { StudioError } from '../../protocol/errors';
import { checkedImageHeader, decodeImage } from '../images/decode';
import { readImageHeader } from '../images/imageHeader';
import { throwIfAborted } from './abort';
import { folderLayout, type FolderPart } from './folderLayout';
import type { OpenOptions } from './format';
import type { ImageDataset, ImageSplit } from './imageDataset';
import { mapLimited } from './mapLimited';

/** An image that has not been read yet. */
export interface ImageEntry {
  readonly path: string;
  readonly size: number;
  /** The whole file. */
  read(): Promise<Uint8Array>;
  /** Its first bytes, at least `bytes` of them if there are so many. */
  head(bytes: number): Promise<Uint8Array>;
}

/** Up to this many images have their sizes checked at opening; of more, a spread sample. Each is checked when decoded. */
const CHECK_ALL_UP_TO = 500;
const CHECK_SAMPLE = 200;
/** Where a header ends in practice: camera JPEGs with longer EXIF parts are read whole. */
const HEAD_BYTES = 2048;
/** Reads under way at once: enough to keep a disk busy, few enough to hold little. */
const CONCURRENT_READS = 8;
/** No JPEG or PNG file within the cap on pixels is larger. */
const MAX_FILE_BYTES = 256 * 2 ** 20;

interface Size {
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

/**
 * A data set over image files that are read when asked for. Opening reads the headers of a few only.
 * @param source what they came from: its name as a data set, and the file or folder that messages name.
 * @throws StudioError `dataset/no-images`, `dataset/bad-labels`, `dataset/mixed-sizes`, and `decodeImage`'s codes.
 */
export async function openImageFiles(
  source: { readonly name: string; readonly path: string },
  format: string,
  entries: readonly ImageEntry[],
  options: OpenOptions,
): Promise<ImageDataset> {
  const layout = folderLayout(
    entries.map((entry) => entry.path),
    source.path,
  );
  const used = [...layout.train.files, ...(layout.test?.files ?? [])].flatMap((i) => entries[i] ?? []);
  const size = await commonSize(used, options);
  return {
    name: source.name,
    format,
    classNames: layout.classNames,
    height: size.height,
    width: size.width,
    train: fileSplit(layout.train, entries, size),
    test: layout.test === null ? null : fileSplit(layout.test, entries, size),
  };
}

async function commonSize(entries: readonly ImageEntry[], options: OpenOptions): Promise<Size> {
  // Evenly spread over the list, which is sorted by class: every class of any weight is looked at.
  const all = entries.length <= CHECK_ALL_UP_TO;
  const sample = all
    ? entries
    : Array.from(
        { length: CHECK_SAMPLE },
        (_, i) => entries[Math.floor((i * entries.length) / CHECK_SAMPLE)],
      );
  let done = 0;
  const sizes = await mapLimited(sample, CONCURRENT_READS, async (entry): Promise<Size | null> => {
    throwIfAborted(options.signal);
    const size = entry === undefined ? null : await sizeOf(entry);
    options.onProgress?.(++done, sample.length, 'Checking image sizes');
    return size;
  });
  const [first] = sizes;
  if (first === undefined || first === null)
    throw new StudioError('dataset/no-images', 'There are no images to read.');
  for (const size of sizes) if (size !== null) checkSameSize(size, first);
  return first;
}

async function sizeOf(entry: ImageEntry): Promise<Size> {
  let head = await entry.head(HEAD_BYTES);
  if (readImageHeader(head) === 'incomplete') head = await readWhole(entry);
  const { width, height } = await checkedImageHeader(head, entry.path);
  return { path: entry.path, width, height };
}

function checkSameSize(size: Size, first: Size): void {
  if (size.width === first.width && size.height === first.height) return;
  throw new StudioError(
    'dataset/mixed-sizes',
    `The images have different sizes: ${first.path} is ${first.width}x${first.height} pixels and ${size.path} is ${size.width}x${size.height}; they must all have one size.`,
    { subject: size.path },
  );
}

async function readWhole(entry: ImageEntry): Promise<Uint8Array> {
  if (entry.size > MAX_FILE_BYTES) {
    throw new StudioError('file/too-large', `${entry.path} has ${entry.size} bytes, too many for an image.`, {
      subject: entry.path,
    });
  }
  return entry.read();
}

function fileSplit(part: FolderPart, entries: readonly ImageEntry[], size: Size): ImageSplit {
  const imageBytes = size.width * size.height * 3;
  return {
    count: part.files.length,
    labels: part.labels,
    async read(indices) {
      const out = new Uint8Array(indices.length * imageBytes);
      const places = Array.from({ length: indices.length }, (_, i) => i);
      await mapLimited(places, CONCURRENT_READS, async (place) => {
        const index = indices[place] ?? -1;
        const entry = entries[part.files[index] ?? -1];
        if (entry === undefined) throw new RangeError(`image ${index} of ${part.files.length}`);
        const bytes = await readWhole(entry);
        const { width, height } = await checkedImageHeader(bytes, entry.path);
        checkSameSize({ path: entry.path, width, height }, size);
        out.set((await decodeImage(bytes, entry.path)).data, place * imageBytes);
      });
      return out;
    },
  };
}
