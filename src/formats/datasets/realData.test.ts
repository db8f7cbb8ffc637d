import { openAsBlob } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedPath } from '../../../tests/setup/shared';
import { openDataset } from './openDataset';

const zipPath = sharedPath('data/cifar10_images.zip');
const archivePath = sharedPath('data/cifar-10-binary-part.tar.gz');
const NAMES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const upTo = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

describe('CIFAR-10 as it is distributed', () => {
  it.skipIf(zipPath === null)('lists 60,000 JPEGs of a zip with their classes', async () => {
    const dataset = await openDataset([{ path: 'cifar10_images.zip', blob: await openAsBlob(zipPath!) }]);
    expect(dataset.classNames).toEqual(NAMES);
    expect([dataset.train.count, dataset.test!.count]).toEqual([50_000, 10_000]);
    const counts = new Int32Array(10);
    for (const label of dataset.train.labels!) counts[label]!++;
    expect([...counts]).toEqual(new Array(10).fill(5000));
  });

  it.skipIf(archivePath === null)('streams the binary archive into images and labels', async () => {
    const dataset = await openDataset([{ path: 'part.tar.gz', blob: await openAsBlob(archivePath!) }]);
    expect(dataset).toMatchObject({ name: 'part', format: 'cifar-binary', classNames: NAMES });
    expect([dataset.train.count, dataset.test!.count]).toEqual([10_000, 10_000]);
    const counts = new Int32Array(10);
    for (const label of dataset.test!.labels!) counts[label]!++;
    expect([...counts]).toEqual(new Array(10).fill(1000));
  });

  // The archive was written from PIL's decoding of the zip's JPEGs, in another order.
  it.skipIf(zipPath === null || archivePath === null)(
    'decodes the JPEGs of the test part to exactly the pixels of the archive, class by class',
    async () => {
      const zip = await openDataset([{ path: 'a.zip', blob: await openAsBlob(zipPath!) }]);
      const archive = await openDataset([{ path: 'b.tar.gz', blob: await openAsBlob(archivePath!) }]);
      const keys = async (split: typeof zip.train) => {
        const all: string[] = [];
        for (let at = 0; at < split.count; at += 500) {
          const pixels = await split.read(upTo(500, at));
          for (let i = 0; i < 500; i++) {
            const image = Buffer.from(pixels.buffer, i * 3072, 3072).toString('latin1');
            all.push(`${split.labels![at + i]}:${image}`);
          }
        }
        return all;
      };
      const known = new Set(await keys(archive.test!));
      const unknown = (await keys(zip.test!)).filter((key) => !known.has(key));
      expect(unknown.length).toBe(0);
    },
    120_000,
  );
});
