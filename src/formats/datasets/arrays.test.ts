import { describe, expect, it } from 'vitest';
import { expectOnlyStudioErrors } from '../../../tests/setup/damage';
import { readFixture } from '../../../tests/setup/fixture';
import { fixtureFile, inputFile } from '../../../tests/setup/inputFile';
import type { StudioError } from '../../protocol/errors';
import { blobSource } from './arrayFile';
import type { ImageDataset, ImageSplit } from './imageDataset';
import { openNpy } from './npy';
import { openDataset } from './openDataset';
import { pixelSplit } from './pixelArray';
import { pixelGeometry } from './pixelGeometry';

const FOLDER = 'datasets/arrays';
type Expected = Record<string, { train: string; test: string | null }>;
const expected = JSON.parse(
  new TextDecoder().decode(await readFixture(`${FOLDER}/expected.json`)),
) as Expected;
const fixture = (name: string) => fixtureFile(`${FOLDER}/${name}`);
const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));
const all = (split: ImageSplit) => split.read(Array.from({ length: split.count }, (_, i) => i));
const codeOf = (opening: Promise<unknown>) => opening.catch((thrown: StudioError) => thrown.code);

async function expectPixels(dataset: ImageDataset, key: string): Promise<void> {
  const wanted = expected[key]!;
  expect(await all(dataset.train)).toEqual(bytesOf(wanted.train));
  if (wanted.test === null) expect(dataset.test).toBeNull();
  else expect(await all(dataset.test!)).toEqual(bytesOf(wanted.test));
}

describe('numpy arrays', () => {
  it.each([
    'nhwc.npz',
    'nchw-compressed.npz',
    'float01.npz',
    'float255-f8-be.npz',
    'half.npz',
    'fortran.npz',
    'fortran-f4.npz',
    'grey.npz',
    'mask.npz',
    'flat.npz',
  ])('reads %s as numpy wrote it', async (name) => {
    const dataset = await openDataset([await fixture(name)]);
    await expectPixels(dataset, name);
    expect(dataset).toMatchObject({ format: 'numpy', name: name.slice(0, -4) });
    expect([...dataset.train.labels!]).toEqual([0, 1, 2, 0, 1, 2]);
    if (dataset.test) expect([...dataset.test.labels!]).toEqual([0, 1, 2]);
    expect(dataset.classNames).toEqual(name === 'nhwc.npz' ? ['zero', 'one', 'zwöi'] : ['0', '1', '2']);
  });

  it('reads images without labels, and leaves opacity out', async () => {
    const dataset = await openDataset([await fixture('rgba.npz')]);
    await expectPixels(dataset, 'rgba.npz');
    expect(dataset.train.labels).toBeNull();
    expect(dataset.classNames).toEqual([]);
  });

  it('pairs .npy files dropped together, and knows an .npz by its content', async () => {
    const pair = await openDataset([await fixture('y_train.npy'), await fixture('x_train.npy')]);
    await expectPixels(pair, 'x_train.npy');
    expect([...pair.train.labels!]).toEqual([0, 1, 2, 0, 1, 2]);
    const renamed = await openDataset([inputFile('photos.zip', await readFixture(`${FOLDER}/nhwc.npz`))]);
    expect(renamed.format).toBe('numpy');
  });

  it('reads an array that is too large for memory where it lies', async () => {
    const file = await fixture('x_train.npy');
    const array = await openNpy(blobSource(file.blob), 'x_train', file.path);
    const split = await pixelSplit(array, pixelGeometry(array)!, null, {}, 100);
    expect(split).toMatchObject({ raw: true });
    expect(split.resident).toBeUndefined();
    const image = 7 * 5 * 3;
    const whole = bytesOf(expected['x_train.npy']!.train);
    expect(await split.read([4, 1])).toEqual(
      Uint8Array.from([...whole.subarray(4 * image, 5 * image), ...whole.subarray(image, 2 * image)]),
    );
    await expect(split.read([6])).rejects.toThrow(RangeError);
  });

  it('says what cannot be a data set, and why', async () => {
    expect(await codeOf(openDataset([await fixture('bad-normalised.npz')]))).toBe('format/unsupported');
    await expect(openDataset([await fixture('bad-normalised.npz')])).rejects.toThrow('-0.5 to 0.5');
    await expect(openDataset([await fixture('bad-objects.npz')])).rejects.toThrow('never run');
    await expect(openDataset([await fixture('bad-count.npz')])).rejects.toThrow('5 labels for the 6 images');
    await expect(openDataset([await fixture('y_train.npy')])).rejects.toThrow(
      'drop the file of the images together with them',
    );
  });

  it('answers any damage with a data set or a StudioError', async () => {
    for (const name of ['x_train.npy', 'nhwc.npz', 'nchw-compressed.npz', 'fortran-f4.npz']) {
      await expectOnlyStudioErrors(await readFixture(`${FOLDER}/${name}`), async (bytes) => {
        const dataset = await openDataset([inputFile(name, bytes)], { maxBytes: 1e7 });
        await all(dataset.train);
      });
    }
  });
});

const IDX = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

describe('IDX files', () => {
  it.each(['', '.gz'])('reads the four files%s of MNIST, in any order', async (ending) => {
    const files = await Promise.all(IDX.toReversed().map((name) => fixture(`${name}${ending}`)));
    const dataset = await openDataset(files);
    await expectPixels(dataset, 'idx');
    expect(dataset).toMatchObject({ format: 'idx', height: 7, width: 5, classNames: ['0', '1', '2'] });
    expect([...dataset.train.labels!]).toEqual([0, 1, 2, 0, 1, 2]);
    expect([...dataset.test!.labels!]).toEqual([0, 1, 2]);
  });

  it('reads images alone as unlabelled, and refuses labels alone', async () => {
    const dataset = await openDataset([await fixture(`${IDX[0]!}.gz`)]);
    expect(dataset.train.labels).toBeNull();
    for (const name of [IDX[1]!, `${IDX[1]!}.gz`]) {
      const opening = openDataset([await fixture(name)]);
      await expect(opening).rejects.toMatchObject({ code: 'dataset/no-images' });
      await expect(opening).rejects.toThrow('drop the file of the images');
    }
  });

  it('names what another .gz holds', async () => {
    const pack = async (text: string) => {
      const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
      return new Uint8Array(await new Response(stream).arrayBuffer());
    };
    const open = async (name: string, text: string) => openDataset([inputFile(name, await pack(text))]);
    await expect(open('train-images.gz', '<!doctype html><p>404')).rejects.toThrow('an HTML page');
    await expect(open('labels.csv.gz', 'a,b\n1,2\n')).rejects.toThrow('a table of text');
  });

  it('answers any damage with a data set or a StudioError', async () => {
    for (const name of [IDX[0]!, `${IDX[0]!}.gz`]) {
      const labels = await fixture(IDX[1]!);
      await expectOnlyStudioErrors(
        await readFixture(`${FOLDER}/${name}`),
        async (bytes) => all((await openDataset([inputFile(name, bytes), labels])).train),
        { head: 20 },
      );
    }
  });
});
