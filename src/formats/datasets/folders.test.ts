import { createHash } from 'node:crypto';
import { unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { expectOnlyStudioErrors } from '../../../tests/setup/damage';
import { readFixture } from '../../../tests/setup/fixture';
import { fixtureFile, inputFile } from '../../../tests/setup/inputFile';
import { decodeImage } from '../images/decode';
import { resizeBilinear } from '../images/resample';
import type { ImageDataset } from './imageDataset';
import { openDataset } from './openDataset';

const FOLDER = 'datasets/folders';
const json = async (name: string): Promise<unknown> =>
  JSON.parse(new TextDecoder().decode(await readFixture(`${FOLDER}/${name}`)));
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
type Parts = Record<string, { train: string[]; test: string[] | null; sha256: string[] }>;
const expected = (await json('expected.json')) as Parts;
const open = async (name: string) => openDataset([await fixtureFile(`${FOLDER}/${name}`)]);
const one = (dataset: ImageDataset, i: number) => dataset.train.read([i]);

describe('resizing', () => {
  it('gives the bytes of PIL, smaller and larger', async () => {
    type Cases = Record<string, { from: [number, number, string]; to: [number, number, string] }>;
    for (const [name, { from, to }] of Object.entries((await json('resize.json')) as Cases)) {
      const image = { width: from[0], height: from[1], data: bytesOf(from[2]) };
      const { data } = resizeBilinear(image, to[0], to[1]);
      expect([name, ...data]).toEqual([name, ...bytesOf(to[2])]);
    }
  });
});

describe('GTSRB', () => {
  it('reads both parts with their classes, at 32 pixels as torchvision resizes them, and says so', async () => {
    const dataset = await open('gtsrb.zip');
    const { train, test } = expected['gtsrb.zip']!;
    expect(dataset).toMatchObject({ format: 'gtsrb', height: 32, width: 32, classNames: ['00000', '00001'] });
    expect([...dataset.train.labels!]).toEqual([0, 0, 1, 1]);
    expect([...dataset.test!.labels!]).toEqual([1, 0]);
    for (const [i, wanted] of train.entries()) expect(await one(dataset, i)).toEqual(bytesOf(wanted));
    expect(await dataset.test!.read([1, 0])).toEqual(
      Uint8Array.from([...bytesOf(test![1]!), ...bytesOf(test![0]!)]),
    );
    expect(dataset.notes?.[0]).toMatch(
      /different sizes \(.*\); each is brought to 32x32 .*Resize\(\(32, 32\)\)/,
    );
  });

  it('reads a dropped folder the same way, and a test part without classes not at all', async () => {
    const members = unzipSync(await readFixture(`${FOLDER}/gtsrb.zip`));
    const files = Object.entries(members).map(([path, bytes]) => inputFile(path, bytes));
    const dataset = await openDataset(files);
    expect([dataset.format, dataset.test?.count]).toEqual(['gtsrb', 2]);
    const bare = await openDataset(files.filter(({ path }) => !path.includes('final_test')));
    expect([bare.train.count, bare.test]).toEqual([4, null]);
  });
});

describe('images of different sizes', () => {
  it('are resized and cropped as torchvision does it with photos', async () => {
    const dataset = await open('photos.zip');
    expect(dataset).toMatchObject({ height: 224, width: 224, classNames: ['ape', 'bee'] });
    for (const [i, hash] of expected['photos.zip']!.sha256.entries()) {
      expect(
        createHash('sha256')
          .update(await one(dataset, i))
          .digest('hex'),
      ).toBe(hash);
    }
    expect(dataset.notes?.[0]).toContain('Resize(256) and CenterCrop(224)');
  });
});

describe('a table of labels', () => {
  it('labels a flat folder; images it does not name are left out', async () => {
    const dataset = await open('table.zip');
    expect(dataset.classNames).toEqual(['cat', 'dog, large', 'emu']);
    expect([...dataset.train.labels!]).toEqual([0, 1, 0, 2]);
    for (const [i, wanted] of expected['table.zip']!.train.entries())
      expect(await one(dataset, i)).toEqual(bytesOf(wanted));
  });

  const images = async () =>
    Object.entries(unzipSync(await readFixture(`${FOLDER}/table.zip`)))
      .filter(([path]) => path.endsWith('.png'))
      .map(([path, bytes]) => inputFile(path, bytes));
  const withTable = async (text: string, name = 'flat/labels.csv') =>
    openDataset([...(await images()), inputFile(name, text)]);

  it('is read without a header, with semicolons, and with a column for the part', async () => {
    const bare = await withTable('a.png,7\nb.png,12\nc.png,7\n');
    expect(bare.classNames).toEqual(['7', '12']);
    expect([...bare.train.labels!]).toEqual([0, 1, 0]);
    const parts = await withTable('filename;class;split\na.png;x;train\nb.png;y;test\nc.png;y;train\n');
    expect([[...parts.train.labels!], [...parts.test!.labels!]]).toEqual([[0, 1], [1]]);
  });

  it('is refused where it is damaged, and passed over where it names no image', async () => {
    await expect(withTable('file,label\na.png,\n')).rejects.toMatchObject({ code: 'dataset/bad-labels' });
    const other = await withTable('x,y\n1,2\n');
    expect([other.train.labels, other.train.count]).toEqual([null, 5]);
    await expect(openDataset([inputFile('labels.csv', 'file,label\na.png,1\n')])).rejects.toThrow(
      'a table of text',
    );
  });

  it('answers any damage with a data set or a StudioError', async () => {
    const table = unzipSync(await readFixture(`${FOLDER}/table.zip`))['flat/labels.csv']!;
    const files = await images();
    await expectOnlyStudioErrors(
      Uint8Array.from([...table, ...new TextEncoder().encode('a.png,\n')]),
      async (bytes) => openDataset([...files, inputFile('flat/labels.csv', bytes)]),
      { runs: 60 },
    );
    for (const name of ['gtsrb.zip', 'table.zip']) {
      const members = unzipSync(await readFixture(`${FOLDER}/${name}`));
      const whole = zipSync(members, { level: 0 });
      await expectOnlyStudioErrors(
        whole,
        async (bytes) => {
          const dataset = await openDataset([inputFile(name, bytes)], { maxBytes: 1e7 });
          await dataset.train.read([0, dataset.train.count - 1]);
        },
        { runs: 100, head: whole.length },
      );
    }
  });
});

describe('PPM and PGM', () => {
  it('are read with comments, and refused at 16 bits or cut off', async () => {
    const text = (head: string, pixels: number[]) =>
      Uint8Array.from([...new TextEncoder().encode(head), ...pixels]);
    const ppm = text('P6\n# made by hand\n2 1\n255\n', [1, 2, 3, 4, 5, 6]);
    expect(await decodeImage(ppm, 'a.ppm')).toMatchObject({
      width: 2,
      height: 1,
      data: Uint8Array.of(1, 2, 3, 4, 5, 6),
    });
    const pgm = text('P5 2 1 255\n', [7, 9]);
    expect((await decodeImage(pgm, 'a.pgm')).data).toEqual(Uint8Array.of(7, 7, 7, 9, 9, 9));
    await expect(decodeImage(ppm.subarray(0, ppm.length - 1), 'a.ppm')).rejects.toMatchObject({
      code: 'file/truncated',
    });
    await expect(decodeImage(text('P6 1 1 65535\n', [0, 0, 0, 0, 0, 0]), 'a.ppm')).rejects.toMatchObject({
      code: 'format/unsupported',
    });
    await expectOnlyStudioErrors(ppm, (bytes) => decodeImage(bytes, 'a.ppm'), { runs: 300 });
  });
});
