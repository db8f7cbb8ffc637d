import { StudioError } from '../../protocol/errors';
import { checkedImageHeader, decodeImage } from '../images/decode';
import { readImageHeader } from '../images/imageHeader';
import { throwIfAborted } from './abort';
import { sha256OfBlob } from '../hash';
import { folderLayout, type FolderLayout, type FolderPart } from './folderLayout';
import type { OpenOptions } from './format';
import { gtsrbLayout } from './gtsrbLayout';
import { applyRule, ruleFor, sizingNote, type FileSize, type ResizeRule } from './imageSizing';
import type { ImageDataset, ImageSplit } from './imageDataset';
import { mapLimited } from './mapLimited';
import { tableLayout } from './tableLayout';

/** An image that has not been read yet. */
export interface ImageEntry {
  readonly path: string;
  readonly size: number;
  /** When it was last changed, or its checksum, where that is known. */
  readonly stamp?: string;
  /** The whole file. */
  read(): Promise<Uint8Array>;
  /** Its first bytes, at least `bytes` of them if there are so many. */
  head(bytes: number): Promise<Uint8Array>;
}

/** A layout, with what is known beyond it. */
export interface ImageLayout extends FolderLayout {
  /** Positions of the images whose sizes are looked at; where absent, a sample of all. */
  readonly sample?: readonly number[];
  /** Done to every image, whatever their sizes. */
  readonly resize?: ResizeRule;
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

/**
 * A data set over image files that are read when asked for: GTSRB's layout, a table of labels beside the images, or the
 * folder rules of `folderLayout`, whichever the paths show. Opening reads the headers of a few images only.
 * @param source what they came from: its name as a data set, and the file or folder that messages name.
 * @throws StudioError `dataset/no-images`, `dataset/bad-labels`, and `decodeImage`'s codes.
 */
export async function openImageFiles(
  source: ImageSource,
  format: string,
  entries: readonly ImageEntry[],
  options: OpenOptions,
): Promise<ImageDataset> {
  const gtsrb = await gtsrbLayout(entries, source.path);
  if (gtsrb !== null) return openLaidOut(source, 'gtsrb', entries, gtsrb, options);
  const layout =
    (await tableLayout(entries, source.path)) ??
    folderLayout(
      entries.map((entry) => entry.path),
      source.path,
    );
  return openLaidOut(source, format, entries, layout, options);
}

/** Where image files came from: the data set's name, and what messages call the file or folder. */
export interface ImageSource {
  readonly name: string;
  readonly path: string;
}

/**
 * The data set of image files whose parts and labels are known. Where the images that are looked at differ in size, all
 * are resized (`imageSizing.ts`) and the data set says so; one that differs without having been looked at is an
 * error when it is read.
 * @throws StudioError `dataset/no-images`, and `decodeImage`'s codes.
 */
export async function openLaidOut(
  source: ImageSource,
  format: string,
  entries: readonly ImageEntry[],
  layout: ImageLayout,
  options: OpenOptions,
): Promise<ImageDataset> {
  const used = [...layout.train.files, ...(layout.test?.files ?? [])];
  const sizes = await sizesOf(entries, layout.sample ?? used, options);
  const [first] = sizes;
  if (first === undefined) throw new StudioError('dataset/no-images', 'There are no images to read.');
  const mixed = sizes.some(({ width, height }) => width !== first.width || height !== first.height);
  const rule = layout.resize ?? (mixed ? ruleFor(sizes) : null);
  const size = rule === null ? first : { path: first.path, width: rule.side, height: rule.side };
  return {
    name: source.name,
    format,
    classNames: layout.classNames,
    height: size.height,
    width: size.width,
    train: fileSplit(layout.train, entries, size, rule),
    test: layout.test === null ? null : fileSplit(layout.test, entries, size, rule),
    ...(rule === null ? {} : { notes: [sizingNote(sizes, rule)] }),
  };
}

/** What tells these decoded images from others: path, size and stamp of each file, and what is done to them. */
async function listingKey(
  entries: readonly ImageEntry[],
  used: Uint32Array,
  rule: ResizeRule | null,
): Promise<string> {
  const lines = Array.from(
    used,
    (i) => `${entries[i]?.path} ${entries[i]?.size} ${entries[i]?.stamp ?? ''}\n`,
  );
  return sha256OfBlob(new Blob([...lines, JSON.stringify(rule)]));
}

async function sizesOf(
  entries: readonly ImageEntry[],
  used: readonly number[],
  options: OpenOptions,
): Promise<FileSize[]> {
  // Evenly spread over the list, which is sorted by class: every class of any weight is looked at.
  const sample =
    used.length <= CHECK_ALL_UP_TO
      ? used
      : Array.from(
          { length: CHECK_SAMPLE },
          (_, i) => used[Math.floor((i * used.length) / CHECK_SAMPLE)] ?? -1,
        );
  let done = 0;
  const sizes = await mapLimited(sample, CONCURRENT_READS, async (index): Promise<FileSize | null> => {
    throwIfAborted(options.signal);
    const entry = entries[index];
    const size = entry === undefined ? null : await sizeOf(entry);
    options.onProgress?.(++done, sample.length, 'Checking image sizes');
    return size;
  });
  return sizes.filter((size) => size !== null);
}

async function sizeOf(entry: ImageEntry): Promise<FileSize> {
  let head = await entry.head(HEAD_BYTES);
  if (readImageHeader(head) === 'incomplete') head = await readWhole(entry);
  const { width, height } = await checkedImageHeader(head, entry.path);
  return { path: entry.path, width, height };
}

function checkSameSize(size: FileSize, first: FileSize): void {
  if (size.width === first.width && size.height === first.height) return;
  throw new StudioError(
    'dataset/mixed-sizes',
    `The images have different sizes: ${first.path} is ${first.width}x${first.height} pixels and ${size.path} is ${size.width}x${size.height}; a folder in which the sizes differ is resized only where the difference shows in the first look.`,
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

function fileSplit(
  part: FolderPart,
  entries: readonly ImageEntry[],
  size: FileSize,
  rule: ResizeRule | null,
): ImageSplit {
  const imageBytes = size.width * size.height * 3;
  return {
    count: part.files.length,
    labels: part.labels,
    contentKey: () => listingKey(entries, part.files, rule),
    async read(indices) {
      const out = new Uint8Array(indices.length * imageBytes);
      // In the order of the files: what lies together in an archive is read together.
      const place = (at: number) => part.files[indices[at] ?? -1] ?? -1;
      const places = Array.from({ length: indices.length }, (_, i) => i).sort((a, b) => place(a) - place(b));
      await mapLimited(places, CONCURRENT_READS, async (place) => {
        const index = indices[place] ?? -1;
        const entry = entries[part.files[index] ?? -1];
        if (entry === undefined) throw new RangeError(`image ${index} of ${part.files.length}`);
        const bytes = await readWhole(entry);
        const { width, height } = await checkedImageHeader(bytes, entry.path);
        if (rule === null) checkSameSize({ path: entry.path, width, height }, size);
        const image = await decodeImage(bytes, entry.path);
        out.set((rule === null ? image : applyRule(image, rule)).data, place * imageBytes);
      });
      return out;
    },
  };
}
