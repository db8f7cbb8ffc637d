import fc from 'fast-check';
import { zipSync, type Zippable } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readFixture } from '../../../tests/setup/fixture';
import { fixtureFile, inputFile } from '../../../tests/setup/inputFile';
import { RandomStream } from '../../data/random';
import { StudioError } from '../../protocol/errors';
import { encodePng } from '../images/encodePng';
import type { ImageDataset } from './imageDataset';
import { openDataset } from './openDataset';

const flat = (r: number, g: number, b: number, width = 8, height = 8) =>
  Uint8Array.from({ length: width * height * 3 }, (_, i) => [r, g, b][i % 3]!);
const png = (r: number, g: number, b: number, width = 8, height = 8) =>
  encodePng(flat(r, g, b, width, height), width, height);
const zip = (files: Zippable) => inputFile('made.zip', zipSync(files));

async function expectTwoClasses(dataset: ImageDataset): Promise<void> {
  expect(dataset.classNames).toEqual(['cat', 'dog']);
  expect([dataset.height, dataset.width]).toEqual([8, 8]);
  expect([...dataset.train.labels!]).toEqual([0, 0, 0, 1, 1, 1]);
  expect([...dataset.test!.labels!]).toEqual([0, 0, 1, 1]);
  // colour(part, label, number) of make_fixtures.py
  expect(await dataset.train.read([4, 0])).toEqual(
    Uint8Array.from([...flat(10, 100, 200), ...flat(0, 0, 200)]),
  );
  expect(await dataset.test!.read([3])).toEqual(flat(50, 100, 200));
  await expect(dataset.train.read([6])).rejects.toThrow(RangeError);
}

describe('image zip', () => {
  it('opens with stored and deflated members, whatever their order', async () => {
    const dataset = await openDataset([await fixtureFile('datasets/two-classes.zip')]);
    expect(dataset).toMatchObject({ format: 'image-zip', name: 'two-classes' });
    await expectTwoClasses(dataset);
  });

  it('reads no more than the directory and some headers before it is asked', async () => {
    const stream = new RandomStream(1, 1);
    const noise = () => Uint8Array.from({ length: 60 * 60 * 3 }, () => stream.uint32() & 255);
    const image = encodePng(noise(), 60, 60);
    const members = Object.fromEntries(
      Array.from({ length: 900 }, (_, i) => [`c${i % 3}/${i}.png`, [image, { level: 0 }] as const]),
    );
    const bytes = zipSync(members as unknown as Zippable);
    let read = 0;
    const blob = new Blob([bytes.slice()]);
    const slice = blob.slice.bind(blob);
    blob.slice = (start = 0, end = blob.size) => {
      read += Math.min(end, blob.size) - start;
      return slice(start, end);
    };
    await openDataset([{ path: 'big.zip', blob }]);
    expect(read).toBeLessThan(bytes.length / 5);
  });

  it('names an empty zip, one without images, one cut off and one that is no zip', async () => {
    const code = (bytes: Uint8Array) =>
      openDataset([inputFile('x.zip', bytes)]).catch((thrown: StudioError) => [
        thrown.code,
        thrown.message.includes('x.zip'),
      ]);
    expect(await code(zipSync({}))).toEqual(['dataset/no-images', true]);
    expect(await code(zipSync({ 'a.txt': Uint8Array.of(1) }))).toEqual(['dataset/no-images', true]);
    const whole = await readFixture('datasets/two-classes.zip');
    for (const part of [0.2, 0.5, 0.95]) {
      expect(await code(whole.slice(0, whole.length * part))).toEqual(['file/truncated', true]);
    }
    expect(await code(new TextEncoder().encode('<!doctype html><html>'))).toEqual(['file/foreign', true]);
  });

  it('refuses names that point outside', async () => {
    await expect(openDataset([zip({ '../evil.png': png(1, 2, 3) })])).rejects.toMatchObject({
      code: 'file/unsafe-path',
    });
    await expect(openDataset([zip({ '/abs.png': png(1, 2, 3) })])).rejects.toMatchObject({
      code: 'file/unsafe-path',
    });
  });

  it('stops at a bomb, declared or not', async () => {
    const bomb = zip({ 'a/1.png': new Uint8Array(5_000_000), 'b/1.png': new Uint8Array(5_000_000) });
    await expect(openDataset([bomb], { maxBytes: 1_000_000 })).rejects.toMatchObject({
      code: 'file/too-large',
    });
    await expect(openDataset([bomb], { maxEntries: 1 })).rejects.toMatchObject({ code: 'file/too-large' });
    // The directory says 100 bytes where the data inflates to five million.
    const bytes = zipSync({ 'a/1.png': new Uint8Array(5_000_000) });
    const view = new DataView(bytes.buffer);
    const directory = view.getUint32(bytes.length - 22 + 16, true);
    view.setUint32(directory + 24, 100, true);
    await expect(openDataset([inputFile('liar.zip', bytes)])).rejects.toMatchObject({
      code: 'format/malformed',
    });
  });

  it('answers any damage with a data set or a StudioError', async () => {
    const whole = await readFixture('datasets/two-classes.zip');
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(damage, fc.double({ min: 0.5, max: 1, noNaN: true }), async (changes, keep) => {
        const bytes = whole.slice(0, Math.ceil(whole.length * keep));
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          const dataset = await openDataset([inputFile('hurt.zip', bytes)], { maxBytes: 1e7 });
          await dataset.train.read(Array.from({ length: dataset.train.count }, (_, i) => i));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(StudioError);
        }
      }),
      { numRuns: 300, seed: 2 },
    );
  });
});

describe('image folder', () => {
  it('gives what a zip of the same files gives', async () => {
    const files = [];
    for (const [part, folder] of ['train', 'test'].entries())
      for (const [label, name] of ['cat', 'dog'].entries())
        for (let n = 0; n < 3 - part; n++)
          files.push(
            inputFile(`photos/${folder}/${name}/${n}.png`, png(40 * part + 10 * n, 100 * label, 200)),
          );
    const dataset = await openDataset([
      ...files.toReversed(),
      inputFile('photos/.DS_Store', 'x'),
      inputFile('photos/readme.txt', 'x'),
    ]);
    expect(dataset).toMatchObject({ format: 'image-folder', name: 'photos' });
    await expectTwoClasses(dataset);
  });

  it('has another key for its pixels once a file, its time or the part is another, and the same one else', async () => {
    const at = (path: string, modified: number, shade = 1, size = 8) => ({
      ...inputFile(path, png(shade, shade, shade, size, size)),
      modified,
    });
    const files = [at('p/train/cat/a.png', 1), at('p/train/dog/b.png', 1), at('p/test/cat/c.png', 1)];
    const keys = async (list: typeof files) => {
      const { train, test } = await openDataset(list);
      return [await train.contentKey?.(), await test?.contentKey?.()];
    };
    const [train, test] = await keys(files);
    expect(train).not.toBe(test);
    expect(await keys(files.toReversed())).toEqual([train, test]);
    expect((await keys([at('p/train/cat/a.png', 2), ...files.slice(1)]))[0]).not.toBe(train);
    expect((await keys([at('p/train/cat/a2.png', 1), ...files.slice(1)]))[0]).not.toBe(train);
    // Of several sizes, all are resized: the pixels of the files that stayed are others too.
    const mixed = await keys([...files.slice(0, 2), at('p/test/cat/c.png', 1, 1, 9)]);
    expect(mixed[0]).not.toBe(train);
    // The zip of the same files is known by its checksums, whenever it was copied.
    const zipped = await Promise.all(
      [1, 2].map(async (shade) => {
        const { train: one } = await openDataset([
          zip({ 'train/cat/a.png': png(shade, 0, 0), 'train/dog/b.png': png(0, 0, 0) }),
        ]);
        return one.contentKey?.();
      }),
    );
    expect(zipped[0]).not.toBe(zipped[1]);
  });

  it('takes loose images without labels', async () => {
    const dataset = await openDataset([inputFile('b.png', png(2, 2, 2)), inputFile('a.png', png(1, 1, 1))]);
    expect(dataset).toMatchObject({ name: 'images', classNames: [], test: null });
    expect(dataset.train.labels).toBeNull();
    expect(await dataset.train.read([0])).toEqual(flat(1, 1, 1));
  });

  it('brings images of different sizes to one when it sees them, and names one that it meets later', async () => {
    const few = [inputFile('a/1.png', png(9, 9, 9)), inputFile('a/2.png', png(9, 9, 9, 9, 8))];
    const resized = await openDataset(few);
    expect([resized.height, resized.width, resized.notes?.length]).toEqual([32, 32, 1]);
    expect(await resized.train.read([1])).toEqual(flat(9, 9, 9, 32, 32));
    const many = Array.from({ length: 600 }, (_, i) =>
      inputFile(`a/${String(i).padStart(3, '0')}.png`, png(0, 0, 0)),
    );
    many[1] = inputFile('a/001.png', png(0, 0, 0, 9, 8));
    const dataset = await openDataset(many);
    await expect(dataset.train.read([0, 2])).resolves.toHaveLength(2 * 192);
    await expect(dataset.train.read([0, 1])).rejects.toMatchObject({
      code: 'dataset/mixed-sizes',
      subject: 'a/001.png',
    });
  });

  it('names the file that is not an image', async () => {
    const good = inputFile('c/1.png', png(0, 0, 0));
    const open = (path: string, content: Uint8Array | string) =>
      openDataset([good, inputFile(path, content)]);
    await expect(open('c/2.png', '<html><body>not found')).rejects.toMatchObject({
      code: 'file/foreign',
      subject: 'c/2.png',
    });
    await expect(open('c/2.png', '')).rejects.toMatchObject({ code: 'file/empty', subject: 'c/2.png' });
    await expect(open('c/2.jpg', 'version https://git-lfs.github.com/spec/v1\n')).rejects.toMatchObject({
      code: 'file/foreign',
    });
    const dataset = await open('c/2.png', png(0, 0, 0).slice(0, 60));
    await expect(dataset.train.read([1])).rejects.toMatchObject({
      code: 'file/truncated',
      subject: 'c/2.png',
    });
  });
});

describe('openDataset', () => {
  it('says what it was given where it is no data set', async () => {
    const code = (path: string, content: string) =>
      openDataset([inputFile(path, content)]).catch((thrown: StudioError) => thrown.code);
    expect(await code('data.zip', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n')).toBe(
      'file/foreign',
    );
    expect(await code('data.tar.gz', '<!DOCTYPE html>')).toBe('file/foreign');
    expect(await code('data.bin', '')).toBe('file/empty');
    expect(await code('data.bin', 'some text')).toBe('file/unrecognised');
    await expect(openDataset([])).rejects.toMatchObject({ code: 'file/missing' });
  });
});
