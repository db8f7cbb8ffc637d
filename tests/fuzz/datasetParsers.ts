import { crc32 } from '../../src/formats/images/crc32';
import { apart, gunzipped, gzipped, type NamedBytes, textFile, together, unzipped } from './files';
import type { Cap, FuzzedParser } from './fuzzedParser';
import { readAnyDataset, readIdentity, readImages } from './readings';

const ARRAYS = 'datasets/arrays';
const IDX = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

/** Puts the checksums of a PNG's chunks right, so that what lies behind them is reached. */
function withChecksums({ path, bytes }: NamedBytes): NamedBytes {
  const view = new DataView(bytes.buffer);
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) break;
    view.setUint32(end, crc32(bytes.subarray(at + 4, end)));
    at = end + 4;
  }
  return { path, bytes };
}

/** A table or an array as it lies, and its numbers as eight bytes each. */
const PLAIN: Cap = { fixedMiB: 96, timesFile: 32 };
/** Small archives may unfold to 64 MiB, which are held once packed out and once as pixels. */
const ARCHIVES: Cap = { fixedMiB: 224, timesFile: 32 };
/** An entry for each row, and a table of contents as objects. */
const PARQUET: Cap = { fixedMiB: 224, timesFile: 80 };
/** Twenty bytes a pixel, of which a compressed byte may stand for 2,048. */
const PICTURES: Cap = { fixedMiB: 96, timesFile: 20 * 2048 };
/** As of models, which are looked into. */
const OBJECTS: Cap = { fixedMiB: 384, timesFile: 24 };

/** The readers of data sets, archives and images. */
export const DATASETS: readonly FuzzedParser[] = [
  {
    name: 'npy',
    formats: ['numpy'],
    seeds: () => [together(ARRAYS, 'x_train.npy', 'y_train.npy')],
    cap: PLAIN,
    read: readAnyDataset,
  },
  {
    name: 'npz',
    formats: ['numpy'],
    seeds: () =>
      apart(
        ARRAYS,
        'nhwc.npz',
        'nchw-compressed.npz',
        'fortran.npz',
        'half.npz',
        'mask.npz',
        'float255-f8-be.npz',
      ),
    cap: ARCHIVES,
    read: readAnyDataset,
  },
  {
    name: 'IDX',
    formats: ['idx'],
    seeds: () => [together(ARRAYS, ...IDX), together(ARRAYS, ...IDX.map((name) => `${name}.gz`))],
    cap: ARCHIVES,
    read: readAnyDataset,
  },
  {
    name: 'IDX behind gzip',
    formats: ['idx'],
    seeds: () => [together(ARRAYS, ...IDX)],
    finish: gzipped,
    cap: ARCHIVES,
    read: readAnyDataset,
  },
  {
    name: 'Parquet',
    formats: ['parquet'],
    seeds: () =>
      apart(
        'datasets/parquet',
        'train-00000-of-00002.parquet',
        'gzip-plain.parquet',
        'zstd.parquet',
        'numbers.parquet',
        'test-00000-of-00001.parquet',
      ),
    cap: PARQUET,
    read: readAnyDataset,
  },
  {
    name: 'CIFAR archive',
    formats: ['cifar-python', 'cifar-binary'],
    seeds: () =>
      apart(
        'datasets',
        'mini-cifar-python.tar.gz',
        'mini-cifar100-python.tar.gz',
        'mini-cifar-binary.tar.gz',
      ),
    cap: ARCHIVES,
    read: readAnyDataset,
  },
  {
    name: 'tar behind gzip',
    formats: ['cifar-python', 'cifar-binary'],
    seeds: () => [
      gunzipped('datasets/mini-cifar-python.tar.gz', 'cifar.tar'),
      gunzipped('datasets/mini-cifar100-python.tar.gz', 'cifar100.tar'),
      gunzipped('datasets/mini-cifar-binary.tar.gz', 'cifarbin.tar'),
    ],
    finish: (file, seed) => (seed % 2 === 0 ? gzipped(file) : file),
    cap: ARCHIVES,
    read: readAnyDataset,
  },
  {
    name: 'zip of images',
    formats: ['image-zip'],
    seeds: () => [
      ...apart('datasets', 'two-classes.zip'),
      ...apart('datasets/folders', 'photos.zip', 'table.zip', 'gtsrb.zip'),
    ],
    cap: ARCHIVES,
    read: readAnyDataset,
  },
  {
    name: 'folder of images',
    formats: ['image-folder'],
    seeds: () => [unzipped('datasets/folders/photos.zip')],
    cap: ARCHIVES,
    read: readAnyDataset,
  },
  {
    name: 'table of labels',
    formats: ['image-folder'],
    seeds: () =>
      [unzipped('datasets/folders/table.zip'), unzipped('datasets/folders/gtsrb.zip')].map((files) =>
        // The tables only are damaged: they are listed first.
        files.toSorted((a, b) => Number(b.path.endsWith('.csv')) - Number(a.path.endsWith('.csv'))),
      ),
    damaged: 2,
    cap: PLAIN,
    read: readAnyDataset,
  },
  {
    name: 'PNG',
    formats: [],
    seeds: () =>
      apart(
        'datasets/images',
        'rgb.png',
        'interlaced.png',
        'palette.png',
        'palette-transparent.png',
        'rgb16.png',
        'grey2.png',
        'rgba.png',
        'filter4.png',
      ),
    finish: (file, seed) => (seed % 4 === 0 ? file : withChecksums(file)),
    cap: PICTURES,
    read: readImages,
  },
  {
    name: 'JPEG',
    formats: [],
    seeds: () =>
      apart(
        'datasets/images',
        'baseline420.jpg',
        'baseline444.jpg',
        'progressive.jpg',
        'grey.jpg',
        'cmyk.jpg',
        'orientation.jpg',
      ),
    cap: PICTURES,
    read: readImages,
  },
  {
    name: 'PNM',
    formats: [],
    seeds: () => [
      unzipped('datasets/folders/gtsrb.zip')
        .filter(({ path }) => path.endsWith('.ppm'))
        .slice(0, 4),
      [textFile('a.pgm', `P5 # a comment\n4 4\n255\n${'x'.repeat(16)}`)],
    ],
    cap: PLAIN,
    read: readImages,
  },
  {
    name: 'recognition',
    formats: [],
    seeds: () => [
      ...apart('formats', 'state_zip.pth', 'mixed_legacy.pth', 'mixed.safetensors', 'cifar_py2.pkl'),
      ...apart('onnx', 'mobilenet_10.onnx'),
      ...apart('keras', 'functional_keras3.keras', 'tfjs_layers/model.json'),
      ...apart(ARRAYS, 'nhwc.npz', 'x_train.npy', 'train-images-idx3-ubyte'),
      ...apart('datasets', 'two-classes.zip', 'mini-cifar-python.tar.gz', 'images/rgb.png'),
    ],
    cap: OBJECTS,
    read: readIdentity,
  },
];
