import type { StudioClient } from '../protocol/client';
import { asStudioError, toWireError } from '../protocol/errors';
import type { Commands } from '../state/commands';
import { deviceFailed, deviceReady, useDeviceStore } from '../state/deviceStore';
import { setExperiment, useDraftStore } from '../state/draftStore';
import { useDatasetStore } from '../state/datasetStore';
import { useModelStore } from '../state/modelStore';
import { notify, notifyError } from '../state/noticeStore';
import { useRunStore } from '../state/runStore';
import { useBlackBoxStore } from '../state/blackBoxStore';
import { useSurrogateStore } from '../state/surrogateStore';
import { useSweepStore } from '../state/sweepStore';
import { useVictimStore } from '../state/victimStore';
import { decodeSettings } from '../state/shareLink';
import * as analysis from './commands/analysis';
import * as blackBox from './commands/blackBox';
import * as data from './commands/data';
import * as diagnostics from './commands/diagnostics';
import { clearDecoded, readDecoded } from './commands/decoded';
import { openDemo } from './commands/demo';
import * as experiments from './commands/experiments';
import * as exporting from './commands/exports';
import { openFiles } from './commands/files';
import * as lab from './commands/lab';
import { drawMap, redrawMap } from './commands/map';
import { measureAfter } from './commands/restoreBundle';
import * as running from './commands/run';
import * as stored from './commands/runs';
import { forgetSession, offerSession, restoreSession, writeMarker } from './commands/session';
import type { StudioContext } from './commands/studio';
import * as surrogates from './commands/surrogate';
import * as sweeps from './commands/sweeps';
import { nameTransformImages, openTransformImages, removeTransformImages } from './commands/transformImages';
import { previewTrigger, setTriggerImage } from './commands/trigger';
import { openWeights } from './commands/weights';
import * as victims from './commands/victims';
import { download } from './download';
import { receiveEvent } from './events';

/** The page's working parts, ready to be mounted. */
export interface Studio {
  readonly commands: Commands;
  /** Opens the device and offers back what was there; resolves when both are known. */
  open(): Promise<void>;
  /** Ends the subscriptions. The client is the caller's. */
  dispose(): void;
}

const MEMORY_MS = 5000;
const SAVE_MS = 1000;

/** Wires a client to the stores and makes the commands. */
export function createStudio(client: StudioClient): Studio {
  const context: StudioContext = {
    client,
    save: download,
    clipboard: {
      write: (text) => navigator.clipboard.writeText(text),
      read: () => navigator.clipboard.readText(),
    },
  };
  const unsubscribe = [client.subscribe(receiveEvent), saveOnChange(context), listRunsOnChange(context)];
  const meter = setInterval(() => void readMemory(context), MEMORY_MS);
  return {
    commands: createCommands(context),
    open: () => openStudio(context),
    dispose: () => {
      clearInterval(meter);
      for (const end of unsubscribe) end();
    },
  };
}

async function openStudio(context: StudioContext): Promise<void> {
  try {
    const shared = decodeSettings(window.location.hash, useDraftStore.getState().experiment);
    if (shared !== null) {
      setExperiment(shared);
      notify('info', 'The settings of the link are in place. Open a model and images to use them.');
    }
  } catch (thrown) {
    notifyError(toWireError(asStudioError(thrown)));
  }
  // Before the device, which can take its time: what is dropped meanwhile is a session of its own.
  await offerSession(context);
  await stored.refreshRuns(context);
  await openDevice(context);
  await sweeps.readMatrix(context);
}

async function openDevice(context: StudioContext): Promise<void> {
  useDeviceStore.setState({ status: 'starting', error: null, opening: null });
  const onProgress = (done: number, total: number | null) =>
    useDeviceStore.setState({ opening: total === null ? null : { done, total } });
  try {
    deviceReady(await context.client.call('device/open', {}, { onProgress }));
    void readMemory(context);
  } catch (thrown) {
    deviceFailed(toWireError(asStudioError(thrown)));
  }
}

async function readMemory({ client }: StudioContext): Promise<void> {
  if (useDeviceStore.getState().status !== 'ready') return;
  try {
    useDeviceStore.setState({ memory: await client.call('diagnostics/memory', {}) });
  } catch {
    // A meter that cannot be read is no reason to disturb anybody; the next reading may work.
  }
}

/** Writes the session's marker a moment after what it names has changed. */
function saveOnChange(context: StudioContext): () => void {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const soon = () => {
    timer ??= setTimeout(() => {
      timer = null;
      void writeMarker(context);
    }, SAVE_MS);
  };
  const ends = [
    useModelStore.subscribe((now, then) => now.summary !== then.summary && soon()),
    useDatasetStore.subscribe((now, then) => now.summary !== then.summary && soon()),
    useDraftStore.subscribe((now, then) => now.experiment !== then.experiment && soon()),
    useRunStore.subscribe(
      (now, then) => (now.phase !== then.phase || now.checkpoint !== then.checkpoint) && soon(),
    ),
    useSurrogateStore.subscribe((now, then) => now.runId !== then.runId && soon()),
    useBlackBoxStore.subscribe(
      (now, then) => (now.surrogate !== then.surrogate || now.file !== then.file) && soon(),
    ),
  ];
  return () => {
    if (timer !== null) clearTimeout(timer);
    for (const end of ends) end();
  };
}

/** Every run is stored from its beginning; the list follows what becomes of them. */
function listRunsOnChange(context: StudioContext): () => void {
  const refresh = () => void stored.refreshRuns(context);
  const ends = [
    ...[useRunStore, useVictimStore, useSurrogateStore].map((useStore) =>
      useStore.subscribe((now, then) => now.phase !== then.phase && refresh()),
    ),
    useSweepStore.subscribe((now, then) => now.rows !== then.rows && refresh()),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** A restarted engine has nothing loaded: the stored copies are read back. */
async function restartDevice(context: StudioContext): Promise<void> {
  context.client.restart();
  await openDevice(context);
  if (useDeviceStore.getState().status !== 'ready') return;
  if (useModelStore.getState().summary !== null || useDatasetStore.getState().summary !== null) {
    await restoreSession(context);
  }
}

function createCommands(context: StudioContext): Commands {
  return {
    openFiles: (files) => openFiles(context, files),
    openTransformImages: (files) => openTransformImages(context, files),
    removeTransformImages: () => removeTransformImages(context),
    nameTransformImages,
    openDemo: () => openDemo(context),
    readTensors: () => data.readTensors(context),
    proposeNormalization: (order) => data.proposeNormalization(context, order),
    applyNormalization: data.applyNormalization,
    showImages: (filter) => data.showImages(context, filter),
    drawMap: async (settings) => void (await drawMap(context, settings)),
    previewTrigger: () => previewTrigger(context),
    setTriggerImage: (option, file) => setTriggerImage(context, option, file),
    openWeights: (file) => openWeights(context, file),
    measureBefore: () => running.measureBefore(context),
    measureAfter: () => measureAfter(context),
    start: () => running.start(context),
    resumeFrom: (runId) => running.resumeFrom(context, runId),
    pause: () => running.pause(context),
    resume: () => running.resume(context),
    step: () => running.step(context),
    stop: () => running.stop(context),
    checkpoint: () => running.checkpoint(context),
    refreshGrid: () => analysis.refreshGrid(context),
    runTsne: (request) => analysis.runTsne(context, request),
    cancelTsne: () => analysis.cancelTsne(context),
    exportFile: (kind) => exporting.exportFile(context, kind),
    measureExports: () => exporting.measureExports(context),
    listRuns: () => stored.listRuns(context),
    loadRun: (runId) => stored.loadRun(context, runId),
    deleteRun: (runId) => stored.deleteRun(context, runId),
    chooseRun: (runId) => stored.chooseRun(context, runId),
    restoreSession: () => restoreSession(context),
    forgetSession: () => forgetSession(context),
    restartDevice: () => restartDevice(context),
    copyLink: () => experiments.copyLink(context),
    copyExperiment: () => experiments.copyExperiment(context),
    openExperimentText: (text, source) => {
      if (experiments.openExperimentText(text, source)) void redrawMap(context);
    },
    pasteExperiment: async () => {
      if (await experiments.pasteExperiment(context)) await redrawMap(context);
    },
    downloadExperiment: () => experiments.downloadExperiment(context),
    readDiagnostics: () => diagnostics.readDiagnostics(context),
    readDecoded: () => readDecoded(context),
    clearDecoded: () => clearDecoded(context),
    runBench: () => diagnostics.runBench(context),
    cancelBench: () => diagnostics.cancelBench(context),
    copyBench: (form) => diagnostics.copyBench(context, form),
    ...labCommands(context),
    ...blackBoxCommands(context),
  };
}

type BlackBoxCommands = Pick<
  Commands,
  | 'defendSurrogate'
  | 'reviewDefense'
  | 'openSurrogateRun'
  | 'distil'
  | Extract<keyof Commands, `${string}${'Distil' | 'BlackBox'}`>
>;

function blackBoxCommands(context: StudioContext): BlackBoxCommands {
  return {
    tryBlackBox: (allowNetwork) => blackBox.tryBlackBox(context, allowNetwork),
    measureBlackBox: (allowNetwork) => blackBox.measureBlackBox(context, allowNetwork),
    cancelBlackBox: () => blackBox.cancelBlackBox(context),
    distil: (allowNetwork) => surrogates.distil(context, allowNetwork),
    resumeDistil: (allowNetwork) => surrogates.resumeDistil(context, allowNetwork),
    pauseDistil: () => surrogates.pauseDistil(context),
    goOnDistil: () => surrogates.goOnDistil(context),
    stepDistil: () => surrogates.stepDistil(context),
    stopDistil: () => surrogates.stopDistil(context),
    defendSurrogate: () => surrogates.defendSurrogate(context),
    reviewDefense: () => surrogates.reviewDefense(context),
    openSurrogateRun: (runId) => surrogates.openSurrogateRun(context, runId),
  };
}

type LabCommands = Pick<
  Commands,
  | 'previewAttacks'
  | 'planPoisoning'
  | 'savePlan'
  | 'keepLoadedModel'
  | 'openVictimRun'
  | Extract<keyof Commands, `${string}Victim` | `${string}Matrix`>
>;

function labCommands(context: StudioContext): LabCommands {
  return {
    previewAttacks: () => lab.previewAttacks(context),
    planPoisoning: () => lab.planPoisoning(context),
    savePlan: () => lab.savePlan(context),
    trainVictim: () => victims.trainVictim(context),
    resumeVictim: () => victims.resumeVictim(context),
    pauseVictim: () => victims.pauseVictim(context),
    goOnVictim: () => victims.goOnVictim(context),
    stepVictim: () => victims.stepVictim(context),
    stopVictim: () => victims.stopVictim(context),
    adoptVictim: () => victims.adoptVictim(context),
    keepLoadedModel: victims.keepLoadedModel,
    openVictimRun: (runId) => victims.openVictimRun(context, runId),
    startMatrix: () => sweeps.startMatrix(context),
    resumeMatrix: () => sweeps.resumeMatrix(context),
    stopMatrix: () => sweeps.stopMatrix(context),
    saveMatrix: (kind) => sweeps.saveMatrix(context, kind),
  };
}
