import type { DatasetReady, ModelReady, WireFile } from '../../protocol/messages';
import type { FileIdentity } from '../../protocol/summaries';
import { clearAnalysis } from '../../state/analysisStore';
import { busyWith, busyWords } from '../../state/busy';
import { FIRST_IMAGES, useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { clearLabPictures } from '../../state/labStore';
import { withLoaded } from '../../state/loadedPaths';
import { IDLE } from '../../state/loading';
import { useModelStore } from '../../state/modelStore';
import { notify } from '../../state/noticeStore';
import { splitTransform } from '../../protocol/droppedPath';
import { NO_FILE } from '../../state/presets';
import { routeFiles } from '../../state/routeFiles';
import { clearRun } from '../../state/runStore';
import { imageShelf } from '../../state/shelves';
import { goTo, useViewStore } from '../../state/viewStore';
import { blackBoxAmong, openBlackBox } from './blackBox';
import { namedData, openExperimentText } from './experiments';
import { drawMap, redrawMap } from './map';
import { openBundle } from './restoreBundle';
import { ask, type StudioContext, track } from './studio';
import { openTransformImages } from './transformImages';
import { setTriggerImage } from './trigger';
import { takeWeights } from './weights';

/** Identifies dropped files and sends each where it belongs. What fails leaves what was loaded as it was. */
export async function openFiles(context: StudioContext, files: readonly WireFile[]): Promise<void> {
  if (files.length === 0) return;
  const busy = busyWith();
  if (busy !== null) {
    notify('warning', `Files can be opened once ${busyWords(busy)} has been stopped.`);
    return;
  }
  const identities = await ask(context, 'files/identify', { files });
  if (identities === null) return;
  const others = await takeWeights(context, files, identities);
  const routes = routeFiles(others, identities);
  const blackBox = await blackBoxAmong(routes.models, routes.experiments);
  const [model, ...otherModels] = routes.models.filter((file) => file !== blackBox);
  // ONNX and TensorFlow.js files may keep their weights in other files, which look like nothing by themselves.
  const weights = /\.(onnx|json)$/i.test(model?.path ?? '') ? routes.unknown.map(({ path }) => path) : [];
  if (weights.length === 0) tellUnknown(routes.unknown, files.length);
  const before = useViewStore.getState().step;
  const beside = files.filter(({ path }) => weights.includes(path));
  if (model) await openModel(context, model, beside);
  if (otherModels.length > 0) {
    notify(
      'warning',
      `One model at a time: ${model?.path ?? ''} was opened, ${otherModels.length} left out.`,
    );
  }
  const { transform, dataset, path } = splitTransform(routes.dataset, await namedData(routes.experiments));
  if (dataset.length > 0) await openDataset(context, dataset);
  if (transform.length > 0) await openTransformImages(context, transform, path);
  if (blackBox) await openBlackBox(context, blackBox);
  for (const file of routes.experiments) openExperimentText(await file.blob.text(), file.path);
  if (routes.experiments.length > 0) await redrawMap(context);
  for (const file of routes.labelMaps) await openLabelMap(context, file);
  const image = routes.triggerImages[0];
  if (image) await openTriggerImage(context, image);
  if (routes.bundle.length > 0) await openBundle(context, routes.bundle);
  else showWhatCame(before);
}

/** Names of files that somebody meant to open; others may lie in a dropped folder by chance. */
const MEANT = /\.(pth|pt|safetensors|onnx|h5|hdf5|keras|zip|tgz|gz|tar|bin|json|png|jpe?g)$/i;

/** A drop of nothing usable is an error; a stray file among others is only mentioned. */
function tellUnknown(unknown: readonly FileIdentity[], dropped: number): void {
  const [first, ...others] = unknown;
  if (first === undefined) return;
  const more =
    others.length === 0 ? '' : ` (and ${others.length} other ${others.length === 1 ? 'file' : 'files'})`;
  // What could not even be looked into is described by a whole sentence of its own.
  const text = first.description.endsWith('.')
    ? first.description
    : `${first.path}${more} is nothing the studio can use: ${first.description}.`;
  const meant = unknown.length === dropped || unknown.some(({ path }) => MEANT.test(path));
  notify(meant ? 'error' : 'warning', text, {
    code: 'file/unrecognised',
    subject: first.path,
  });
}

async function openModel(context: StudioContext, file: WireFile, beside: readonly WireFile[]): Promise<void> {
  const ready = await track(context, 'model/open', beside.length > 0 ? { file, beside } : { file }, {
    subject: file.path,
    set: (loading) => useModelStore.setState({ loading }),
  });
  if (ready === null) return;
  takeModel(ready);
  await redrawMap(context);
}

async function openDataset(context: StudioContext, files: readonly WireFile[]): Promise<void> {
  const first = files[0]?.path ?? '';
  const ready = await track(
    context,
    'dataset/open',
    { files },
    {
      subject: files.length === 1 ? first : `${files.length.toLocaleString('en')} files`,
      set: (loading) => useDatasetStore.setState({ loading }),
    },
  );
  if (ready === null) return;
  takeDataset(ready);
  await redrawMap(context);
}

/** A model takes the place of the one before; what was measured with that one goes. @param model as `withLoaded` takes it. */
export function takeModel(
  { summary }: ModelReady,
  model: 'as it says' | 'the loaded one' = 'the loaded one',
): void {
  forgetRun();
  useModelStore.setState({
    summary,
    loading: IDLE,
    proposal: null,
    proposing: IDLE,
    tensors: null,
    readingTensors: IDLE,
  });
  setPaths(model);
}

/** A data set takes the place of the one before. */
export function takeDataset({ summary, preview }: DatasetReady): void {
  forgetRun();
  imageShelf.clear();
  clearLabPictures();
  imageShelf.put('dataset/images', preview);
  useDatasetStore.setState({
    summary,
    kept: summary.kept ?? null,
    loading: IDLE,
    filter: FIRST_IMAGES,
    images: IDLE,
  });
  setPaths('as it says');
}

function forgetRun(): void {
  clearRun();
  clearAnalysis();
  imageShelf.clear('trigger/');
}

/** The draft names the files that are loaded. */
function setPaths(model: 'as it says' | 'the loaded one'): void {
  const { experiment } = useDraftStore.getState();
  const loaded = withLoaded(experiment, model);
  const { path } = loaded.model;
  setExperiment({
    ...loaded,
    name:
      experiment.model.path === NO_FILE && path !== NO_FILE && path !== null
        ? path.replace(/\.\w+$/, '')
        : experiment.name,
  });
}

async function openLabelMap(context: StudioContext, file: WireFile): Promise<void> {
  if (!file.path.endsWith('.json')) {
    notify('info', `${file.path} is a label map: drop it together with its transform to restore a defence.`);
    return;
  }
  let permutation: unknown = null;
  try {
    permutation = JSON.parse(await file.blob.text());
  } catch {
    // Told below, with the reason that matters: it is no list of labels.
  }
  if (Array.isArray(permutation) && permutation.every((label) => Number.isInteger(label) && label >= 0)) {
    await drawMap(context, { kind: 'explicit', permutation: permutation as number[] }, file.path);
    goTo('remap');
  } else {
    notify('error', `${file.path} is not a label map: it must hold a list of labels.`, {
      code: 'map/not-a-permutation',
      subject: file.path,
    });
  }
}

async function openTriggerImage(context: StudioContext, file: WireFile): Promise<void> {
  const { attack } = useDraftStore.getState().experiment;
  const descriptor = useDeviceStore.getState().attacks.find(({ kind }) => kind === attack?.kind);
  const option = descriptor?.options.find(({ kind }) => kind === 'image');
  if (option) await setTriggerImage(context, option.key, file);
  else {
    notify(
      'info',
      `${file.path} is a single picture. Choose a trigger that takes an image first, or drop a folder of pictures.`,
    );
    goTo('lab');
  }
}

/** From the welcome, or with both files there, on to what is next. */
function showWhatCame(before: string): void {
  const model = useModelStore.getState().summary;
  const dataset = useDatasetStore.getState().summary;
  if (before !== 'welcome') return;
  const blackBox = useDraftStore.getState().experiment.model.blackBox !== null;
  if (model !== null || blackBox) goTo('model');
  else if (dataset) goTo('images');
}
