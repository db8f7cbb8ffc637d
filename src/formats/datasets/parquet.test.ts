import { describe, expect, it } from 'vitest';
import { expectOnlyStudioErrors } from '../../../tests/setup/damage';
import { readFixture } from '../../../tests/setup/fixture';
import { fixtureFile, inputFile } from '../../../tests/setup/inputFile';
import type { ImageSplit } from './imageDataset';
import { openDataset } from './openDataset';

const FOLDER = 'datasets/parquet';
const expected = JSON.parse(new TextDecoder().decode(await readFixture(`${FOLDER}/expected.json`))) as Record<
  string,
  string[]
>;
const fixture = (name: string) => fixtureFile(`${FOLDER}/${name}`);
const pixelsOf = (...names: string[]) =>
  Uint8Array.from(
    Buffer.concat(names.flatMap((name) => expected[name]!.map((text) => Buffer.from(text, 'base64')))),
  );
const all = (split: ImageSplit) => split.read(Array.from({ length: split.count }, (_, i) => i));
const TRAIN = ['train-00000-of-00002.parquet', 'train-00001-of-00002.parquet'];
const TEST = 'test-00000-of-00001.parquet';

describe('Parquet as Hugging Face writes it', () => {
  it('reads several shards, their parts, labels and class names', async () => {
    const dataset = await openDataset(await Promise.all([TEST, TRAIN[1]!, TRAIN[0]!].map(fixture)));
    expect(dataset).toMatchObject({
      format: 'parquet',
      height: 8,
      width: 8,
      classNames: ['cat', 'dog', 'emu'],
    });
    expect([...dataset.train.labels!]).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
    expect([...dataset.test!.labels!]).toEqual([2, 0, 1]);
    expect(await all(dataset.train)).toEqual(pixelsOf(...TRAIN));
    expect(await all(dataset.test!)).toEqual(pixelsOf(TEST));
    expect(await dataset.train.read([7, 0, 5])).toHaveLength(3 * 192);
  });

  it('reads zstd, pages of version 2 and a column named img', async () => {
    const dataset = await openDataset([await fixture('zstd.parquet')]);
    expect(dataset.classNames).toEqual(['cat', 'dog', 'emu']);
    expect([...dataset.train.labels!]).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(await all(dataset.train)).toEqual(pixelsOf('zstd.parquet'));
  });

  it('reads plain bytes, text labels and gzip', async () => {
    const dataset = await openDataset([await fixture('gzip-plain.parquet')]);
    expect(dataset.classNames).toEqual(['cat', 'dog', 'emu']);
    expect([...dataset.train.labels!]).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(await all(dataset.train)).toEqual(pixelsOf('gzip-plain.parquet'));
  });

  it('names a table without images, whatever its ending', async () => {
    for (const name of ['numbers.parquet', 'photos.zip']) {
      const opening = openDataset([inputFile(name, await readFixture(`${FOLDER}/numbers.parquet`))]);
      await expect(opening).rejects.toMatchObject({ code: 'dataset/no-images', subject: name });
    }
  });

  it.each(['train-00000-of-00002.parquet', 'zstd.parquet', 'gzip-plain.parquet'])(
    'answers any damage of %s with a data set or a StudioError',
    async (name) => {
      const whole = await readFixture(`${FOLDER}/${name}`);
      await expectOnlyStudioErrors(
        whole,
        async (bytes) => all((await openDataset([inputFile(name, bytes)])).train),
        { runs: 400, head: whole.length },
      );
    },
  );
});
