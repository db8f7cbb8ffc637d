import type { DecodedStore } from './decodedStore';
import { DecodedStores, type DecodedRequest, type NotKept } from './decodedStores';
import type { RandomFiles } from './randomFiles';

/** Opens the same place again each time it is called. */
type Open = () => Promise<RandomFiles>;

const IMAGE_BYTES = 48;
/** A request for a store of 100 small images; its id is made of what differs. */
export const exampleRequest = (id: string, count = 100): DecodedRequest => ({
  id,
  name: `set ${id}`,
  count,
  imageBytes: IMAGE_BYTES,
});
/** Image `index` as every scenario has it. */
export const exampleImage = (index: number): Uint8Array =>
  Uint8Array.from({ length: IMAGE_BYTES }, (_, i) => (index * 31 + i * 7 + 1) % 256);

/** What every place for decoded images has to do; a scenario throws where it does not. They run in workers too, where there is no test library. */
export const DECODED_SCENARIOS: Readonly<Record<string, (open: Open) => Promise<void>>> = {
  async 'gives back what was written, after reopening, and nothing else'(open) {
    const stores = new DecodedStores(await open());
    const store = opened(await stores.open(exampleRequest('a1')));
    for (const index of [0, 7, 8, 99, 50]) await store.write(index, exampleImage(index));
    same(store.stored, 5);
    same(store.has(1), false);
    await holds(store, [99, 0, 8, 7, 50]);
    await stores.release('a1', store);
    same(store.has(0), false);

    const again = new DecodedStores(await open());
    const back = opened(await again.open(exampleRequest('a1')));
    same(back.stored, 5);
    await holds(back, [0, 7, 8, 50, 99]);
    same(await back.read(1, new Uint8Array(IMAGE_BYTES)), false);
    same(back.missingFrom(7), 9);
    await again.close();
  },

  async 'reads and writes at the same time'(open) {
    const stores = new DecodedStores(await open());
    const store = opened(await stores.open(exampleRequest('b2')));
    const all = Array.from({ length: 100 }, (_, i) => i);
    await Promise.all(all.map((index) => store.write(index, exampleImage(index))));
    await Promise.all([
      holds(store, all),
      store.commit(),
      holds(store, all.toReversed()),
      store.write(3, exampleImage(3)),
    ]);
    same(store.missingFrom(0), null);
    await stores.close();
  },

  async 'lets two parts of a session share one store'(open) {
    const stores = new DecodedStores(await open());
    const [one, two] = await Promise.all([
      stores.open(exampleRequest('c3')),
      stores.open(exampleRequest('c3')),
    ]);
    same(one === two, true);
    const store = opened(one);
    await store.write(4, exampleImage(4));
    await stores.release('c3', store);
    await holds(store, [4]);
    await stores.release('c3', store);
    same(store.closed, true);
    // The files are free for the next one at once.
    await holds(opened(await stores.open(exampleRequest('c3'))), [4]);
    await stores.close();
  },

  async 'keeps others out while a store is open'(open) {
    const mine = new DecodedStores(await open());
    const store = opened(await mine.open(exampleRequest('d4')));
    await store.write(1, exampleImage(1));
    const yours = new DecodedStores(await open());
    same(await yours.open(exampleRequest('d4')), 'in-use');
    await yours.clear();
    await holds(store, [1]);
    await mine.close();
    await holds(opened(await yours.open(exampleRequest('d4'))), [1]);
    await yours.close();
  },

  async 'starts anew where the shape is another'(open) {
    const stores = new DecodedStores(await open());
    const store = opened(await stores.open(exampleRequest('e5')));
    await store.write(1, exampleImage(1));
    await stores.release('e5', store);
    const other = opened(await stores.open(exampleRequest('e5', 90)));
    same([other.stored, other.has(1)], [0, false]);
    await stores.close();
  },

  async 'makes room by what was used longest ago, and never by what is open'(open) {
    const files = await open();
    const size = 100 * IMAGE_BYTES + 2048;
    const stores = new DecodedStores(files, 3 * size);
    const first = opened(await stores.open(exampleRequest('f1')));
    for (const id of ['f2', 'f3']) {
      await later();
      await stores.release(id, opened(await stores.open(exampleRequest(id))));
    }
    await later();
    await stores.release('f2', opened(await stores.open(exampleRequest('f2'))));
    await later();
    await stores.release('f4', opened(await stores.open(exampleRequest('f4'))));
    same(
      (await stores.list()).map(({ id, open: isOpen }) => [id, isOpen]),
      [
        ['f4', false],
        ['f2', false],
        ['f1', true],
      ],
    );
    same(await stores.open(exampleRequest('f5', 1000)), 'too-large');
    same(first.closed, false);
    await stores.clear();
    same([first.closed, (await stores.list()).length, (await files.list()).length], [true, 0, 0]);
  },
};

async function holds(store: DecodedStore, indices: readonly number[]): Promise<void> {
  await Promise.all(
    indices.map(async (index) => {
      const image = new Uint8Array(IMAGE_BYTES);
      same(await store.read(index, image), true);
      same([...image], [...exampleImage(index)]);
    }),
  );
}

/** The store, where there is one. */
export function opened(store: DecodedStore | NotKept): DecodedStore {
  if (typeof store === 'string') throw new Error(`no store: ${store}`);
  return store;
}

/** Times of use are told apart by the millisecond. */
function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 3));
}

function same(actual: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${a} instead of ${b}`);
}
