import { expect, it } from 'vitest';
import { readFixture } from '../../tests/setup/fixture';
import { memorySplit } from '../formats/datasets/memorySplit';
import { resizedDataset } from './resizedDataset';

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));

it('brings every image to the size asked for, with the bytes of PIL', async () => {
  type Cases = Record<string, { from: [number, number, string]; to: [number, number, string] }>;
  const text = new TextDecoder().decode(await readFixture('datasets/folders/resize.json'));
  const [[width, height, image], [toWidth, toHeight, wanted]] = [
    (JSON.parse(text) as Cases)['33x21 to 32x32']!.from,
    (JSON.parse(text) as Cases)['33x21 to 32x32']!.to,
  ];
  const one = bytesOf(image);
  const pixels = Uint8Array.from([...new Uint8Array(one.length), ...one]);
  const train = memorySplit([{ pixels, labels: Int32Array.of(3, 1) }], one.length);
  const dataset = { name: 'x', format: 'x', classNames: [], height, width, train, test: null };
  const resized = resizedDataset(dataset, toHeight, toWidth);
  expect(resized).toMatchObject({ height: 32, width: 32, test: null });
  expect([...resized.train.labels!]).toEqual([3, 1]);
  expect(await resized.train.read([1, 0])).toEqual(
    Uint8Array.from([...bytesOf(wanted), ...new Uint8Array(3072)]),
  );
  expect(resizedDataset(dataset, height, width)).toBe(dataset);
  // What pixels are kept under follows from the size too; what needs no decoding has no key.
  expect(resized.train.contentKey).toBeUndefined();
  const keyed = { ...dataset, train: { ...train, contentKey: () => Promise.resolve('files') } };
  const keyAt = async (side: number) => resizedDataset(keyed, side, toWidth).train.contentKey?.();
  expect(new Set(['files', await keyAt(toHeight), await keyAt(toHeight + 1)]).size).toBe(3);
});
