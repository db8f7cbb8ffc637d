import { packTar } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import { readFixture } from '../../../tests/setup/fixture';
import { fixtureFile, inputFile } from '../../../tests/setup/inputFile';
import type { InputFile } from '../input';
import type { ImageDataset } from './imageDataset';
import { openDataset } from './openDataset';
import { tarMembers } from './tar';

/** The pixel that make_fixtures.py gives image `i` at (y, x, c). */
const pixel = (i: number, y: number, x: number, c: number) => (7 * i + 85 * c + 3 * y + x) % 256;
const whole = (i: number) =>
  Uint8Array.from({ length: 3072 }, (_, at) =>
    pixel(i, Math.floor(at / 96), Math.floor(at / 3) % 32, at % 3),
  );

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The archive's files as if they had been unpacked and dropped. */
async function loose(archive: InputFile): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for await (const member of tarMembers(archive, {})) {
    const pieces: Uint8Array[] = [];
    for await (const piece of member.body) pieces.push(piece);
    files.push(inputFile(member.path, Buffer.concat(pieces)));
  }
  return files;
}

async function expectCifar10(dataset: ImageDataset, format: string): Promise<void> {
  expect(dataset).toMatchObject({ format, height: 32, width: 32 });
  expect(dataset.classNames.slice(0, 3)).toEqual(['airplane', 'automobile', 'bird']);
  expect(dataset.classNames.length).toBe(10);
  // Batch 1 before batch 2, though the archive has them the other way round.
  expect([...dataset.train.labels!]).toEqual([3, 1, 4, 9, 0]);
  expect([...dataset.test!.labels!]).toEqual([2, 8]);
  expect(await dataset.train.read([4, 0])).toEqual(Uint8Array.from([...whole(4), ...whole(0)]));
  expect(await dataset.test!.read([1])).toEqual(whole(6));
  await expect(dataset.train.read([5])).rejects.toThrow(RangeError);
}

describe.each([
  ['cifar-binary', 'mini-cifar-binary.tar.gz'],
  ['cifar-python', 'mini-cifar-python.tar.gz'],
])('%s', (format, fixture) => {
  it('opens from its archive, plain or compressed', async () => {
    const file = await fixtureFile(`datasets/${fixture}`);
    await expectCifar10(await openDataset([file]), format);
    const tar = await gunzip(await readFixture(`datasets/${fixture}`));
    await expectCifar10(await openDataset([inputFile('renamed.tar', tar)]), format);
  });

  it('opens from loose files in any order', async () => {
    const files = await loose(await fixtureFile(`datasets/${fixture}`));
    await expectCifar10(await openDataset(files), format);
    await expectCifar10(await openDataset(files.toReversed()), format);
  });

  it('reports progress in bytes of the file and stops when told', async () => {
    const file = await fixtureFile(`datasets/${fixture}`);
    const seen: (number | null)[][] = [];
    await openDataset([file], { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen.at(-1)).toEqual([file.blob.size, file.blob.size]);
    const controller = new AbortController();
    const files = [file];
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    await expect(openDataset(files, options)).rejects.toMatchObject({ code: 'aborted' });
    await expectCifar10(await openDataset(files), format);
  });

  it('says where an archive was cut off, at whatever byte', async () => {
    const bytes = await readFixture(`datasets/${fixture}`);
    for (const part of [0.3, 0.6, 0.9, 0.99]) {
      const cut = inputFile('cut.tar.gz', bytes.slice(0, Math.floor(bytes.length * part)));
      await expect(openDataset([cut]), String(part)).rejects.toMatchObject({
        code: 'file/truncated',
        subject: 'cut.tar.gz',
      });
    }
    const tar = await gunzip(bytes);
    const cut = inputFile('cut.tar', tar.slice(0, 8000));
    await expect(openDataset([cut])).rejects.toMatchObject({ code: 'file/truncated' });
  });

  it('caps what an archive unfolds to', async () => {
    const file = await fixtureFile(`datasets/${fixture}`);
    await expect(openDataset([file], { maxBytes: 10_000 })).rejects.toMatchObject({ code: 'file/too-large' });
    await expect(openDataset([file], { maxEntries: 2 })).rejects.toMatchObject({ code: 'file/too-large' });
  });
});

describe('CIFAR', () => {
  it('reads CIFAR-100 with its fine labels', async () => {
    const dataset = await openDataset([await fixtureFile('datasets/mini-cifar100-python.tar.gz')]);
    expect(dataset.format).toBe('cifar-python');
    expect(dataset.classNames[42]).toBe('fine 42');
    expect([...dataset.train.labels!, ...dataset.test!.labels!]).toEqual([99, 0, 1, 2, 3, 42, 8]);
    expect(await dataset.test!.read([0])).toEqual(whole(5));
  });

  it('reads CIFAR-100 binary records by their second label', async () => {
    const record = (coarse: number, fine: number) => [coarse, fine, ...new Uint8Array(3072)];
    const dataset = await openDataset([
      inputFile('train.bin', Uint8Array.from([...record(1, 77), ...record(2, 5)])),
    ]);
    expect([...dataset.train.labels!]).toEqual([77, 5]);
    expect(dataset.classNames.length).toBe(100);
    expect(dataset.test).toBeNull();
  });

  it('takes a part of the batches, and a test batch alone as the only part', async () => {
    const files = await loose(await fixtureFile('datasets/mini-cifar-binary.tar.gz'));
    const named = (name: string) => files.filter((file) => file.path.endsWith(name));
    const part = await openDataset([...named('data_batch_2.bin'), ...named('test_batch.bin')]);
    expect([...part.train.labels!]).toEqual([9, 0]);
    expect(part.classNames[9]).toBe('truck');
    const only = await openDataset(named('test_batch.bin'));
    expect([...only.train.labels!]).toEqual([2, 8]);
    expect(only.test).toBeNull();
    const renamed = await openDataset(
      named('test_batch.bin').map(({ blob }) => ({ path: 'mine.bin', blob })),
    );
    expect(renamed.train.count).toBe(2);
  });

  it('names what is wrong with a batch', async () => {
    const open = (path: string, bytes: Uint8Array) => openDataset([inputFile(path, bytes)]);
    await expect(open('data_batch_1.bin', new Uint8Array(3072))).rejects.toMatchObject({
      code: 'file/truncated',
    });
    await expect(open('data_batch_1.bin', new Uint8Array(3073).fill(10))).rejects.toMatchObject({
      code: 'dataset/bad-labels',
    });
    await expect(open('data_batch_1', Uint8Array.of(0x80, 2, 0x4e, 0x2e))).rejects.toMatchObject({
      code: 'format/malformed',
    });
    const running = new TextEncoder().encode('cos\nsystem\n(U\x02idtR.');
    await expect(open('data_batch_1', Uint8Array.of(0x80, 2, ...running))).rejects.toMatchObject({
      code: 'format/forbidden-opcode',
    });
  });
});

describe('archives that are not to be trusted', () => {
  const pack = async (name: string, size = 3073) =>
    inputFile(
      'odd.tar',
      await packTar([{ header: { name, size, type: 'file' }, body: new Uint8Array(size) }]),
    );

  it.each([
    '../data_batch_1.bin',
    'a/../../data_batch_1.bin',
    '/etc/data_batch_1.bin',
    'C:\\data_batch_1.bin',
  ])('refuses a member named %s', async (name) => {
    await expect(openDataset([await pack(name)])).rejects.toMatchObject({
      code: 'file/unsafe-path',
      subject: 'odd.tar',
    });
  });

  it('ignores links, and says what is in an archive without batches', async () => {
    const link = await packTar([
      { header: { name: 'data_batch_1.bin', size: 0, type: 'symlink', linkname: '/etc/passwd' } },
    ]);
    await expect(openDataset([inputFile('links.tar', link)])).rejects.toMatchObject({
      code: 'file/unrecognised',
    });
    await expect(openDataset([await pack('folder/readme.md')])).rejects.toThrow(
      'odd.tar holds no CIFAR batches (its first file is folder/readme.md)',
    );
  });

  it('does not believe a size that the data does not have', async () => {
    const file = await pack('data_batch_1.bin');
    const bytes = new Uint8Array(await file.blob.arrayBuffer());
    bytes.set(new TextEncoder().encode('77777777777\0'), 124); // 8 GB
    bytes.fill(32, 148, 156);
    const sum = bytes.subarray(0, 512).reduce((a, b) => a + b, 0);
    bytes.set(new TextEncoder().encode(sum.toString(8).padStart(6, '0') + '\0 '), 148);
    await expect(openDataset([inputFile('claims.tar', bytes)])).rejects.toMatchObject({
      code: 'file/too-large',
    });
  });

  it('reports damage inside as damage', async () => {
    const tar = await gunzip(await readFixture('datasets/mini-cifar-binary.tar.gz'));
    tar.fill(0x55, 512 + 512 + 6146 + 510, 512 + 512 + 6146 + 510 + 40); // the next member's header
    await expect(openDataset([inputFile('hurt.tar', tar)])).rejects.toMatchObject({
      code: 'format/malformed',
      subject: 'hurt.tar',
    });
  });
});
