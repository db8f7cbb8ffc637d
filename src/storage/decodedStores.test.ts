import { describe, expect, it } from 'vitest';
import { DECODED_SCENARIOS, exampleImage, exampleRequest, opened } from './decodedScenarios';
import { DecodedStores } from './decodedStores';
import { MemoryRandomFiles } from './memoryRandomFiles';

describe.each(Object.entries(DECODED_SCENARIOS))('decoded images in memory: %s', (_, scenario) => {
  it('holds', () => {
    const files = new MemoryRandomFiles();
    return scenario(() => Promise.resolve(files));
  });
});

const read = async (files: MemoryRandomFiles, index: number) => {
  const stores = new DecodedStores(files);
  const store = opened(await stores.open(exampleRequest('aa')));
  const image = new Uint8Array(48);
  const found = await store.read(index, image);
  await stores.close();
  return found ? [...image] : null;
};

describe('what a crash leaves', () => {
  it('is what was committed, and nothing that was only written', async () => {
    const files = new MemoryRandomFiles();
    const store = opened(await new DecodedStores(files).open(exampleRequest('aa')));
    await store.write(1, exampleImage(1));
    await store.commit();
    await store.write(2, exampleImage(2));
    expect(store.has(2)).toBe(true);
    files.losePower();
    expect(await read(files, 1)).toEqual([...exampleImage(1)]);
    expect(await read(files, 2)).toBeNull();
  });

  // The marks are written after the pixels have been flushed: whichever operation the power goes at, no image that is marked
  // has other pixels than its own.
  it('never marks an image whose pixels are not whole, whatever operation the power goes at', async () => {
    let crashes = 0;
    for (let at = 0; at < 60; at++) {
      const files = new MemoryRandomFiles();
      let left = at;
      const dying = diesAfter(files, () => left-- <= 0);
      const stores = new DecodedStores(dying);
      const work = async () => {
        const store = opened(await stores.open(exampleRequest('aa')));
        for (let index = 0; index < 12; index++) {
          await store.write(index, exampleImage(index));
          if (index % 4 === 3) await store.commit();
        }
      };
      if (
        await work().then(
          () => false,
          () => true,
        )
      )
        crashes += 1;
      files.losePower();
      for (let index = 0; index < 12; index++) {
        const found = await read(files, index);
        if (found !== null) expect(found).toEqual([...exampleImage(index)]);
      }
    }
    expect(crashes).toBeGreaterThan(20);
  });

  it('is thrown away where the state is torn, cut, or of another version, or the pixels are cut', async () => {
    const damage: readonly ((files: MemoryRandomFiles) => Promise<void>)[] = [
      (files) => overwrite(files, 'aa.state', (bytes) => bytes.fill(0, 10, 30)),
      (files) => overwrite(files, 'aa.state', (bytes) => bytes.subarray(0, 500)),
      (files) => overwrite(files, 'aa.state', (bytes) => bytes.subarray(0, bytes.length - 1)),
      (files) => overwrite(files, 'aa.state', (bytes) => bytes.fill(0x37, 11, 12)),
      (files) => overwrite(files, 'aa.pixels', (bytes) => bytes.subarray(0, 4000)),
    ];
    for (const harm of damage) {
      const files = new MemoryRandomFiles();
      const stores = new DecodedStores(files);
      await opened(await stores.open(exampleRequest('aa'))).write(1, exampleImage(1));
      await stores.close();
      expect(await read(files, 1)).not.toBeNull();
      await harm(files);
      expect(await read(files, 1)).toBeNull();
    }
  });
});

describe('a full disk', () => {
  it('is told at a write, and what was there before stays readable', async () => {
    const files = new MemoryRandomFiles();
    const stores = new DecodedStores(files);
    const store = opened(await stores.open(exampleRequest('aa')));
    await store.write(1, exampleImage(1));
    files.full = true;
    await expect(store.write(2, exampleImage(2))).rejects.toMatchObject({ code: 'storage/quota' });
    expect([store.has(1), store.has(2), store.stored]).toEqual([true, false, 1]);
    await expect(store.commit()).rejects.toMatchObject({ code: 'storage/quota' });
    files.full = false;
    await store.commit();
    await stores.close();
    expect(await read(files, 1)).toEqual([...exampleImage(1)]);
  });

  it('opens nothing where there is not twice the room, and leaves nothing behind', async () => {
    const files = new MemoryRandomFiles({ capacity: 9_000 });
    const stores = new DecodedStores(files);
    expect(await stores.open(exampleRequest('aa'))).toBe('no-room');
    expect(await files.list()).toEqual([]);
    files.capacity = 20_000;
    opened(await stores.open(exampleRequest('aa')));
    // For one that would not fit even then, the others are left alone.
    await stores.close();
    expect(await stores.open(exampleRequest('bb', 300))).toBe('no-room');
    expect((await stores.list()).map(({ id }) => id)).toEqual(['aa']);
  });

  it('while a store is being made gives its room back', async () => {
    const files = new MemoryRandomFiles();
    files.full = true;
    expect(await new DecodedStores(files).open(exampleRequest('aa'))).toBe('no-room');
    expect(await files.list()).toEqual([]);
  });
});

it('deletes what nobody has used for a month, and leftovers that are no stores', async () => {
  const files = new MemoryRandomFiles();
  const stores = new DecodedStores(files);
  await stores.release('aa', opened(await stores.open(exampleRequest('aa'))));
  await (await files.open('cc.pixels'))?.close();
  await overwrite(files, 'aa.state', (bytes) => {
    const text = new TextDecoder().decode(bytes).replace(/"usedAt":\d+/, '"usedAt":1000000000000');
    return new TextEncoder().encode(text);
  });
  await stores.release('bb', opened(await stores.open(exampleRequest('bb'))));
  expect((await stores.list()).map(({ id }) => id)).toEqual(['bb']);
});

async function overwrite(
  files: MemoryRandomFiles,
  name: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<void> {
  const bytes = change(files.bytesOf(name)!.slice());
  const file = await files.open(name);
  await file?.resize(bytes.length);
  await file?.write(bytes, 0);
  await file?.close();
}

/** The same files, whose writes, flushes and changes of size fail from a moment on, the first of them half done. */
function diesAfter(files: MemoryRandomFiles, dead: () => boolean): MemoryRandomFiles {
  const dying = Object.create(files) as MemoryRandomFiles;
  dying.open = async (name) => {
    const file = await files.open(name);
    return (
      file && {
        ...file,
        write(bytes, at) {
          if (!dead()) return file.write(bytes, at);
          void file.write(bytes.subarray(0, bytes.length >> 1), at);
          // Whether or not anybody asked for it, the disk may have got round to this half.
          void file.flush();
          throw new Error('dead');
        },
        flush() {
          if (dead()) throw new Error('dead');
          return file.flush();
        },
        resize(sizeBytes) {
          if (dead()) throw new Error('dead');
          return file.resize(sizeBytes);
        },
      }
    );
  };
  return dying;
}
