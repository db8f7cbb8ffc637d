import type { RequestName } from '../../protocol/messages';
import type { TransformImagesSummary } from '../../protocol/summaries';
import type { InputFile } from '../../formats/input';
import type { Handlers } from '../rpc';
import type { EngineContext } from './engine';
import { type LoadOptions, loadTransformImages } from './loadDataset';

type Names = Extract<RequestName, `transform-images/${string}` | `decoded/${string}`>;
type Context = Pick<EngineContext, 'session' | 'files' | 'keeper'>;

/** Images for the transform alone, and what is kept decoded on disk. */
export function imageHandlers(engine: EngineContext): Pick<Handlers, Names> {
  const { session, files, runs, keeper } = engine;
  return {
    async 'transform-images/open'({ path, files: dropped }, { progress }) {
      const what = 'loading other images for the transform';
      runs.requireNone(what);
      session.requireDataset();
      const summary = await take(
        engine,
        { path, files: dropped },
        { signal: engine.cancellable(), onProgress: progress },
        () => runs.requireNone(what),
      );
      files.keepTransformImages({ path, files: dropped });
      return summary;
    },
    'transform-images/remove'() {
      runs.requireNone('removing the images for the transform');
      session.replaceTransformImages(null);
      files.keepTransformImages(null);
      return null;
    },
    'decoded/read': () => keeper.report(),
    async 'decoded/clear'() {
      await keeper.clear();
      return keeper.report();
    },
  };
}

/** Loads them at the size of the data set; what was there is given up when that is done. */
async function take(
  { session, keeper }: Context,
  { path, files }: { readonly path: string; readonly files: readonly InputFile[] },
  options: LoadOptions = {},
  check: () => void = () => undefined,
): Promise<TransformImagesSummary> {
  const { dataset } = session.requireDataset();
  const loaded = await loadTransformImages(path, files, dataset, { ...options, keeper });
  try {
    check();
  } catch (error) {
    await loaded.kept.close();
    throw error;
  }
  session.replaceTransformImages(loaded);
  return loaded.summary;
}

/** Brings the images for the transform to the size of the data set that has taken another's place. */
export async function resizeTransformImages({ session }: Pick<EngineContext, 'session'>): Promise<void> {
  const { transformImages, dataset: loaded } = session;
  if (!transformImages || !loaded) return;
  const { height, width } = loaded.dataset;
  const { dataset } = transformImages;
  if (dataset.height !== height || dataset.width !== width)
    session.replaceTransformImages(await transformImages.at(loaded.dataset));
}

/** The images of the last session, where their copies are still there. @throws StudioError as `loadTransformImages`. */
export async function restoreTransformImages(engine: Context): Promise<TransformImagesSummary | null> {
  const stored = await engine.files.transformImages();
  return stored && engine.session.dataset ? take(engine, stored) : null;
}
