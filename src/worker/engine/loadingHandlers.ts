import { attackDescriptors } from '../../compute/attacks/registry';
import { architectureDescriptors } from '../../compute/nn/architectures';
import { tensorStatistics } from '../../compute/tensorStatistics';
import { DEMO_VICTIM_PATH, demoExperiment } from '../../data/drawn/demoExperiment';
import type { InputFile } from '../../formats/input';
import type { DatasetReady, DemoReady, ModelReady, RequestName } from '../../protocol/messages';
import type { WeightsFile } from '../../protocol/summaries';
import type { Handlers, RequestContext } from '../rpc';
import { readBundle, restoreBundle } from './bundleRestore';
import type { EngineContext } from './engine';
import { identifyFiles } from './identify';
import { resizeTransformImages, restoreTransformImages } from './imageHandlers';
import { imagesOf, loadDataset, loadDrawnSigns, previewOf, type LoadedDataset } from './loadDataset';
import { loadModel, type LoadedModel } from './loadModel';
import { describeWeights } from './weightsFiles';

type Names = Extract<
  RequestName,
  | `device/${string}`
  | `files/${string}`
  | `model/open`
  | `model/tensors`
  | `dataset/${string}`
  | `demo/${string}`
  | `bundle/${string}`
  | `session/${string}`
  | 'trigger/image'
>;

/** What brings things into the session. Each load is finished before anything that was there is given up. */
export function loadingHandlers(engine: EngineContext): Pick<Handlers, Names> {
  const { session, files, queue, runs } = engine;

  const takeModel = (model: LoadedModel): Promise<ModelReady> =>
    queue.run(async () => {
      runs.requireNone('loading another model');
      session.replaceModel(model);
      return { summary: model.summary };
    });
  const takeDataset = async (loaded: LoadedDataset): Promise<DatasetReady> => {
    try {
      const preview = await previewOf(loaded);
      runs.requireNone('loading other images');
      session.replaceDataset(loaded);
      await resizeTransformImages(engine);
      return { summary: loaded.summary, preview };
    } catch (error) {
      if (session.dataset !== loaded) await loaded.kept.close();
      throw error;
    }
  };
  const openModel = async (file: InputFile, beside: readonly InputFile[]): Promise<ModelReady> => {
    runs.requireNone('loading another model');
    const ready = await takeModel(await loadModel(file, beside));
    files.keepModel({ kind: 'files', files: [file, ...beside] });
    return ready;
  };
  const openData = async (
    dropped: readonly InputFile[],
    { progress }: RequestContext,
  ): Promise<DatasetReady> => {
    runs.requireNone('loading other images');
    const ready = await takeDataset(
      await loadDataset(dropped, null, {
        signal: engine.cancellable(),
        onProgress: progress,
        keeper: engine.keeper,
      }),
    );
    files.keepDataset({ kind: 'files', files: dropped });
    return ready;
  };
  const demoModel = async () =>
    takeModel(await loadModel({ path: DEMO_VICTIM_PATH, blob: await engine.fetchDemo() }));
  const demoDataset = async () => takeDataset(await loadDrawnSigns());
  const openDemo = async (): Promise<DemoReady> => {
    runs.requireNone('opening the demo');
    const model = await demoModel();
    const dataset = await demoDataset();
    const experiment = demoExperiment();
    session.experiment = experiment;
    files.keepModel({ kind: 'demo' });
    files.keepDataset({ kind: 'demo' });
    files.keepExperiment(experiment);
    return {
      model,
      dataset,
      experiment,
      note: 'Ten kinds of traffic sign, drawn by the studio, and a small ResNet with a BadNets backdoor: a small grey patch in the corner makes it say "stop".',
    };
  };
  const attempt = async <T>(open: () => Promise<T>): Promise<T | null> => {
    try {
      return await open();
    } catch {
      return null;
    }
  };

  return {
    async 'device/open'(_, { progress }) {
      const { open, kernels } = await engine.device((done, total) =>
        progress(done, total, 'Checking kernels'),
      );
      return {
        adapter: open.adapter,
        attacks: attackDescriptors(),
        architectures: architectureDescriptors(),
        kernels,
      };
    },
    'files/identify': ({ files: dropped }) => identifyFiles(dropped),
    'model/open': ({ file, beside }) => openModel(file, beside ?? []),
    'model/tensors': async () =>
      [...session.requireModel().state].map(([name, tensor]) => tensorStatistics(name, tensor)),
    'dataset/open': ({ files: dropped }, progress) => openData(dropped, progress),
    'dataset/images': (request) => imagesOf(session.requireDataset(), request),
    'demo/open': openDemo,
    async 'trigger/image'({ file }) {
      const id = await session.images.add(file);
      files.keepImages(session.images.files());
      return { id };
    },
    async 'bundle/open'({ files: dropped }) {
      runs.requireNone('opening an exported defence');
      const bundle = await readBundle(session, dropped);
      await engine.device();
      await queue.run(async () => {
        runs.requireNone('opening an exported defence');
        session.replaceDefended(restoreBundle(session, bundle));
      });
      if (bundle.experiment) {
        session.experiment = bundle.experiment;
        files.keepExperiment(bundle.experiment);
      }
      const { experiment, labelMap, firstChannels, note } = bundle;
      return { experiment, labelMap, firstChannels, note };
    },
    async 'session/restore'() {
      runs.requireNone('restoring the last session');
      for (const image of await files.images()) await attempt(() => session.images.add(image));
      const weights: WeightsFile[] = [];
      for (const file of await files.weights()) {
        session.extraFiles.set(file.path, file);
        const described = await attempt(() => describeWeights(file));
        if (described) weights.push(described);
      }
      const model = await files.model();
      const dataset = await files.dataset();
      const [modelFile, ...beside] = model?.kind === 'files' ? model.files : [];
      const run = await files.lastRun();
      const experiment = await files.experiment();
      session.experiment ??= experiment;
      const blackBox = await files.blackBox();
      if (blackBox) session.extraFiles.set(blackBox.path, blackBox);
      return {
        model: await attempt(async () =>
          model?.kind === 'demo'
            ? demoModel()
            : modelFile
              ? takeModel(await loadModel(modelFile, beside))
              : null,
        ),
        dataset: await attempt(async () => {
          if (dataset?.kind === 'demo') return demoDataset();
          const { keeper } = engine;
          return dataset ? takeDataset(await loadDataset(dataset.files, null, { keeper })) : null;
        }),
        transformImages: await attempt(() => restoreTransformImages(engine)),
        experiment,
        run,
        blackBox: blackBox?.path ?? null,
        weights,
      };
    },
    async 'session/clear'() {
      await files.clear();
      await engine.keeper.clear();
      session.images.clear();
      return null;
    },
  };
}
