import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { parquetMetadata } from 'hyparquet';
import { encodePng } from '../../src/formats/images/encodePng';
import { crc32 } from '../../src/formats/images/crc32';
import { deflatedZip, fixtureBytes, latin1, MIB, one, textFile } from './files';
import type { HostileFiles } from './fuzzedParser';

function npy(shape: string, dtype = '|u1', order = 'False'): Uint8Array {
  const text = `{'descr': '${dtype}', 'fortran_order': ${order}, 'shape': (${shape}), }`.padEnd(117) + '\n';
  return Uint8Array.from([
    ...latin1('\x93NUMPY\x01\x00'),
    text.length & 255,
    text.length >> 8,
    ...latin1(text),
    ...new Uint8Array(64),
  ]);
}
const SHAPES = [
  '1099511627776, 32, 32, 3',
  '9223372036854775807,',
  '-1, 32, 32, 3',
  '0, 1099511627776',
  '4294967296, 4294967296, 4294967296',
  '1, 1099511627776, 1, 3',
];
const NPY = SHAPES.flatMap((shape): HostileFiles[] => [
  { what: `an array of shape (${shape})`, make: () => one('x_train.npy', npy(shape)) },
  { what: `a Fortran array of shape (${shape})`, make: () => one('x_train.npy', npy(shape, '<f8', 'True')) },
]);

/** A tar header by the POSIX layout, with this text in its size field. */
function tarHeader(name: string, size: string): Uint8Array {
  const block = new Uint8Array(512);
  block.set(latin1(name));
  block.set(latin1('0000644\0'), 100);
  block.set(latin1(size.padStart(11, '0').slice(0, 11)), 124);
  block.set(latin1('0'), 156);
  block.set(latin1('ustar\x0000'), 257);
  block.fill(32, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.set(latin1(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return block;
}
const archive = (...blocks: readonly Uint8Array[]) => Uint8Array.from(blocks.flatMap((block) => [...block]));
/** 512 MiB, as much as a batch may have, in a file of a kilobyte; and beyond. */
const TAR_SIZES = ['4000000000', '77777777777', '-1', '00000006001'];
const TAR: readonly HostileFiles[] = [
  ...TAR_SIZES.flatMap((size) =>
    ['data_batch_1', 'data_batch_1.bin', 'batches.meta', 'batches.meta.txt'].map((name): HostileFiles => ({
      what: `${name} of ${size} (octal) bytes`,
      make: () => one('evil.tar', archive(tarHeader(name, size), new Uint8Array(3073))),
    })),
  ),
  {
    what: 'members that overlap',
    make: () =>
      one(
        'evil.tar',
        archive(
          tarHeader('data_batch_1.bin', '6001'),
          new Uint8Array(512),
          tarHeader('data_batch_2.bin', '6001'),
          new Uint8Array(1024),
        ),
      ),
  },
  {
    what: 'a gzip bomb of a batch',
    make: () =>
      one(
        'evil.tar.gz',
        gzipSync(Buffer.concat([tarHeader('data_batch_1', '410000000'), new Uint8Array(66 * MIB)]), {
          level: 6,
        }),
      ),
  },
  {
    what: 'a gzip bomb of nothing',
    make: () => one('evil.tar.gz', gzipSync(new Uint8Array(66 * MIB), { level: 6 })),
  },
];

function idx(...axes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * axes.length + 16);
  bytes.set([0, 0, 8, axes.length]);
  const view = new DataView(bytes.buffer);
  axes.forEach((axis, i) => view.setUint32(4 + 4 * i, axis));
  return bytes;
}
const IDX: readonly HostileFiles[] = [
  {
    what: '2^128 pixels',
    make: () => one('train-images-idx4-ubyte', idx(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)),
  },
  { what: 'images of 2^31 pixels', make: () => one('train-images-idx3-ubyte', idx(1, 0x7fffffff, 1)) },
  { what: 'no images', make: () => one('train-images-idx3-ubyte', idx(0, 28, 28)) },
  {
    what: 'a gzip bomb',
    make: () =>
      one(
        'train-images-idx3-ubyte.gz',
        gzipSync(Buffer.concat([idx(88_000, 28, 28), new Uint8Array(66 * MIB)]), { level: 6 }),
      ),
  },
];

/** A PNG's or JPEG's claim of these sides, with the data of a small one. */
function pngOf(width: number, height: number, interlaced = false): Uint8Array {
  const bytes = encodePng(new Uint8Array(3), 1, 1);
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  bytes[24] = 16;
  bytes[25] = 6;
  bytes[28] = interlaced ? 1 : 0;
  view.setUint32(29, crc32(bytes.subarray(12, 29)));
  return bytes;
}
function jpegOf(name: string, width: number, height: number): Uint8Array {
  const bytes = fixtureBytes(`datasets/images/${name}`);
  const view = new DataView(bytes.buffer);
  for (let at = 2; at + 9 < bytes.length; at += 2 + view.getUint16(at + 2)) {
    if ((bytes[at + 1] ?? 0) !== 0xc0 && bytes[at + 1] !== 0xc2) continue;
    view.setUint16(at + 5, height);
    view.setUint16(at + 7, width);
    break;
  }
  return bytes;
}
const SIDES = [[65_535, 65_535], [8192, 8191], [65_535, 1], [1, 65_535], [4096, 4096], [1024, 1024]] as const; // prettier-ignore

/** Thrift's compact protocol: a list of structs of this length as the field `id`, and nothing behind it. */
function parquetOf(footer: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(12 + footer.length);
  bytes.set(latin1('PAR1'));
  bytes.set(footer, 4);
  new DataView(bytes.buffer).setUint32(4 + footer.length, footer.length, true);
  bytes.set(latin1('PAR1'), 8 + footer.length);
  return bytes;
}
/** A number of seven bits a byte. */
const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];
/** A shard of the fixture whose row groups, and whole table, claim other numbers of rows. */
function parquetRows(rows: number): Uint8Array {
  const bytes = fixtureBytes('datasets/parquet/train-00000-of-00002.parquet');
  const length = new DataView(bytes.buffer).getUint32(bytes.length - 8, true);
  const start = bytes.length - 8 - length;
  const { num_rows: whole, row_groups: groups } = parquetMetadata(bytes.buffer.slice(start));
  // Thrift's I64 behind a field's head, in zigzag: twice the number.
  const own = new Set([whole, ...groups.map(({ num_rows }) => num_rows)].map((count) => 2 * Number(count)));
  const footer = [...bytes.subarray(start, bytes.length - 8)];
  const grown = footer.flatMap((byte, i) =>
    own.has(byte) && footer[i - 1] === 0x16 ? leb(rows * 2) : [byte],
  );
  const out = new Uint8Array(start + grown.length + 8);
  out.set(bytes.subarray(0, start));
  out.set(grown, start);
  new DataView(out.buffer).setUint32(out.length - 8, grown.length, true);
  out.set(latin1('PAR1'), out.length - 4);
  return out;
}
const PARQUET: readonly HostileFiles[] = [
  {
    what: 'a schema of 2^24 elements',
    make: () => one('train.parquet', parquetOf([0x15, 2, 0x29, 0xfc, ...leb(2 ** 24), 0])),
  },
  {
    what: 'a schema of 2^31 elements',
    make: () => one('train.parquet', parquetOf([0x15, 2, 0x29, 0xfc, ...leb(2 ** 31 - 1), 0])),
  },
  {
    what: 'lists nested a hundred thousand deep',
    make: () =>
      one(
        'train.parquet',
        parquetOf([0x15, 2, ...Array.from({ length: 100_000 }, () => [0x29, 0x19]).flat()]),
      ),
  },
  ...[100_000, 2 ** 20, 2 ** 26, 2 ** 40].map((rows): HostileFiles => ({
    what: `${rows} rows`,
    make: () => one('train.parquet', parquetRows(rows)),
  })),
];

const images = (name: string, make: (width: number, height: number) => Uint8Array): HostileFiles[] =>
  SIDES.map(([width, height]) => ({
    what: `${width} x ${height} pixels (${name})`,
    make: () => one(name, make(width, height)),
  }));

/** By the parser's name. */
export const HOSTILE_DATASETS: Readonly<Record<string, readonly HostileFiles[]>> = {
  npy: NPY,
  npz: [
    {
      what: 'a zip bomb',
      make: () =>
        one(
          'data.npz',
          deflatedZip({ 'x_train.npy': npy('67584, 32, 32, 1'), 'y.npy': new Uint8Array(66 * MIB) }),
        ),
    },
    ...SHAPES.map((shape): HostileFiles => ({
      what: `an array of shape (${shape})`,
      make: () => one('data.npz', zipSync({ 'x_train.npy': npy(shape) })),
    })),
  ],
  IDX,
  Parquet: PARQUET,
  'CIFAR archive': TAR,
  'zip of images': [
    {
      what: 'a zip bomb',
      make: () => one('images.zip', deflatedZip({ 'cat/1.png': new Uint8Array(66 * MIB) })),
    },
    {
      what: 'five thousand empty images',
      make: () =>
        one(
          'images.zip',
          zipSync(
            Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`c/${i}.png`, new Uint8Array(0)])),
          ),
        ),
    },
    {
      what: 'a picture of 65535 x 65535 pixels',
      make: () => one('images.zip', zipSync({ 'cat/1.png': pngOf(65_535, 65_535) })),
    },
  ],
  'table of labels': [
    {
      what: 'a table of five million commas',
      make: () => [
        { path: 'f/labels.csv', bytes: new Uint8Array(5 * MIB).fill(0x2c) },
        { path: 'f/1.png', bytes: encodePng(new Uint8Array(3), 1, 1) },
      ],
    },
    {
      what: 'a table of a million quotes in a line',
      make: () => [
        textFile('f/labels.csv', `"${'""'.repeat(MIB / 2)}`),
        { path: 'f/1.png', bytes: encodePng(new Uint8Array(3), 1, 1) },
      ],
    },
  ],
  PNG: [...images('a.png', pngOf), ...images('b.png', (width, height) => pngOf(width, height, true))],
  JPEG: [
    ...images('baseline.jpg', (width, height) => jpegOf('baseline444.jpg', width, height)),
    ...images('progressive.jpg', (width, height) => jpegOf('progressive.jpg', width, height)),
  ],
  PNM: [
    {
      what: 'a thousand blanks where a size should be',
      make: () => [textFile('a.ppm', `P6${' '.repeat(1000)}x`)],
    },
    { what: 'a hundred thousand comments', make: () => [textFile('a.ppm', `P6\n${'#\n'.repeat(100_000)}`)] },
    { what: '999999 x 999999 pixels', make: () => [textFile('a.ppm', 'P6 999999 999999 255 x')] },
  ],
};
