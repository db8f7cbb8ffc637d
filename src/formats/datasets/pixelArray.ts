import { StudioError } from '../../protocol/errors';
import { throwIfAborted } from './abort';
import { elementCount, readNumbers, type ArrayFile, type Numbers } from './arrayFile';
import type { OpenOptions } from './format';
import type { ImageSplit } from './imageDataset';
import { mapLimited } from './mapLimited';
import { memorySplit } from './memorySplit';
import { writeImage, type PixelGeometry, type PixelScale } from './pixelGeometry';

/** Arrays of no more pixels than this (1 GiB of RGB) are turned into uint8 once; larger ones are read where they lie. */
export const ARRAY_MEMORY_BYTES = 2 ** 30;
/** Raw bytes that are converted at a time. */
const PIECE_BYTES = 8 * 2 ** 20;
/** Images that are looked at for the range of values where not all are read. */
const RANGE_SAMPLE = 256;
const CONCURRENT_READS = 8;

/**
 * The images of an array as a split, its floats taken for [0,1] or [0,255] by what they hold.
 * @param memoryBytes for tests: up to how many bytes of RGB are kept in memory.
 * @throws StudioError `format/unsupported` for values that are no pixels (normalised images), `file/too-large` for a
 *   large array in Fortran order, `file/truncated`, `aborted`.
 */
export async function pixelSplit(
  array: ArrayFile,
  geometry: PixelGeometry,
  labels: Int32Array | null,
  options: OpenOptions,
  memoryBytes = ARRAY_MEMORY_BYTES,
): Promise<ImageSplit> {
  const imageBytes = geometry.height * geometry.width * 3;
  const inMemory = geometry.count * imageBytes <= memoryBytes;
  if (array.fortranOrder) {
    if (inMemory) return fortranSplit(array, geometry, labels);
    throw new StudioError(
      'file/too-large',
      `${array.path} is stored in Fortran order, which is read whole, and has ${geometry.count} images of ${geometry.width}x${geometry.height} pixels; save it again with numpy.ascontiguousarray.`,
      { subject: array.path },
    );
  }
  const scale = await scaleOf(array, geometry, inMemory, options);
  const lazy = lazySplit(array, geometry, scale, labels);
  if (!inMemory) return lazy;
  const pixels = new Uint8Array(geometry.count * imageBytes);
  const piece = piecesOf(array, geometry);
  for (let at = 0; at < geometry.count; at += piece) {
    throwIfAborted(options.signal);
    const count = Math.min(piece, geometry.count - at);
    await readImages(array, geometry, scale, at, count, pixels, at * imageBytes);
    options.onProgress?.(at + count, geometry.count, `Reading ${array.path}`);
  }
  const split = memorySplit([{ pixels, labels: labels ?? new Int32Array(geometry.count) }], imageBytes);
  return { ...split, labels };
}

function perImage({ height, width, channels }: PixelGeometry): number {
  return height * width * channels;
}

function piecesOf(array: ArrayFile, geometry: PixelGeometry): number {
  return Math.max(1, Math.floor(PIECE_BYTES / (perImage(geometry) * array.type.bytes)));
}

async function readImages(
  array: ArrayFile,
  geometry: PixelGeometry,
  scale: PixelScale,
  index: number,
  count: number,
  out: Uint8Array,
  at: number,
): Promise<void> {
  const elements = perImage(geometry);
  const values = await readNumbers(array, index * elements, count * elements);
  for (let i = 0; i < count; i++) {
    const fits = writeImage(values, i * elements, geometry, scale, out, at + i * rgb(geometry));
    if (!fits) throw notPixels(array, `image ${index + i} has values outside of the range of the others`);
  }
}

function rgb({ height, width }: PixelGeometry): number {
  return height * width * 3;
}

function lazySplit(
  array: ArrayFile,
  geometry: PixelGeometry,
  scale: PixelScale,
  labels: Int32Array | null,
): ImageSplit {
  const imageBytes = rgb(geometry);
  return {
    count: geometry.count,
    labels,
    raw: true,
    async read(indices) {
      const out = new Uint8Array(indices.length * imageBytes);
      const places = Array.from({ length: indices.length }, (_, i) => i);
      await mapLimited(places, CONCURRENT_READS, async (place) => {
        const index = indices[place] ?? -1;
        if (index < 0 || index >= geometry.count) throw new RangeError(`image ${index} of ${geometry.count}`);
        await readImages(array, geometry, scale, index, 1, out, place * imageBytes);
      });
      return out;
    },
  };
}

/** Fortran order has an image's values spread over the whole array. */
async function fortranSplit(
  array: ArrayFile,
  geometry: PixelGeometry,
  labels: Int32Array | null,
): Promise<ImageSplit> {
  const values = await readNumbers(array, 0, elementCount(array.shape));
  const scale = scaleFor(array, rangeOf(values));
  const imageBytes = rgb(geometry);
  const pixels = new Uint8Array(geometry.count * imageBytes);
  for (let i = 0; i < geometry.count; i++)
    writeImage(values, i * geometry.step.image, geometry, scale, pixels, i * imageBytes);
  const split = memorySplit([{ pixels, labels: labels ?? new Int32Array(geometry.count) }], imageBytes);
  return { ...split, labels };
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function rangeOf(values: Numbers): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (Number.isNaN(value)) return { low: NaN, high: NaN };
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** Bytes are pixels; of anything else the values decide: all of them, or those of some images spread over the array. */
async function scaleOf(
  array: ArrayFile,
  geometry: PixelGeometry,
  all: boolean,
  options: OpenOptions,
): Promise<PixelScale> {
  const { kind, bytes } = array.type;
  if (kind === 'unsigned' && bytes === 1) return 1;
  const elements = perImage(geometry);
  const piece = all ? piecesOf(array, geometry) : 1;
  const every = all ? piece : Math.max(1, Math.floor(geometry.count / RANGE_SAMPLE));
  let [low, high] = [Infinity, -Infinity];
  for (let at = 0; at < geometry.count; at += every) {
    throwIfAborted(options.signal);
    const count = Math.min(piece, geometry.count - at);
    const range = rangeOf(await readNumbers(array, at * elements, count * elements));
    // A NaN makes both NaN, and stays: Math.min and Math.max pass it on.
    [low, high] = [Math.min(low, range.low), Math.max(high, range.high)];
  }
  return scaleFor(array, { low, high });
}

function scaleFor(array: ArrayFile, { low, high }: Range): PixelScale {
  if (!(low >= 0 && high <= 255)) {
    throw notPixels(
      array,
      Number.isNaN(low)
        ? 'it holds values that are no numbers'
        : `its values go from ${short(low)} to ${short(high)}`,
    );
  }
  const { kind } = array.type;
  return kind === 'bool' || (kind === 'float' && high <= 1) ? 255 : 1;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function notPixels({ path }: ArrayFile, why: string): StudioError {
  return new StudioError(
    'format/unsupported',
    `${path} does not hold pixels of [0,1] or [0,255]: ${why}; images are wanted as they were before any normalisation.`,
    { subject: path },
  );
}
