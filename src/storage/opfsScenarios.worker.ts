import { DECODED_SCENARIOS, exampleImage, exampleRequest, opened } from './decodedScenarios';
import { DecodedStores } from './decodedStores';
import { openOpfsRandomFiles } from './opfsRandomFiles';

/** What a test asks of this worker: only workers have synchronous access to the private file system. */
export type WorkerTask =
  | { readonly kind: 'scenario'; readonly name: string; readonly folder: string }
  /** Opens a store, writes images and commits the first of them; the store stays open. */
  | {
      readonly kind: 'hold';
      readonly folder: string;
      readonly commit: readonly number[];
      readonly write: readonly number[];
    }
  /** Opens the same store and says which of its images are there and as they should be, or why it cannot be opened. */
  | { readonly kind: 'look'; readonly folder: string };

async function perform(task: WorkerTask): Promise<unknown> {
  const files = await openOpfsRandomFiles(task.folder);
  if (files === null) throw new Error('There is no private file system here.');
  if (task.kind === 'scenario') {
    await DECODED_SCENARIOS[task.name]?.(async () => (await openOpfsRandomFiles(task.folder)) ?? files);
    return 'holds';
  }
  const stores = new DecodedStores(files);
  const store = await stores.open(exampleRequest('held'));
  if (task.kind === 'hold') {
    for (const index of task.commit) await opened(store).write(index, exampleImage(index));
    await opened(store).commit();
    for (const index of task.write) await opened(store).write(index, exampleImage(index));
    return 'held';
  }
  if (typeof store === 'string') return store;
  const there: number[] = [];
  const image = new Uint8Array(exampleImage(0).length);
  for (let index = 0; index < store.count; index++) {
    if (!(await store.read(index, image))) continue;
    if (image.join() !== exampleImage(index).join()) throw new Error(`image ${index} is not whole`);
    there.push(index);
  }
  await stores.close();
  return there;
}

self.addEventListener('message', ({ data }: MessageEvent<WorkerTask>) => {
  perform(data).then(
    (result) => self.postMessage({ result }),
    (error: unknown) => self.postMessage({ error: String(error) }),
  );
});
