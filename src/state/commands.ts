import type { LabelMapSettings } from '../protocol/experiment';
import type { ExportKind, WireFile } from '../protocol/messages';
import type { NormalizationCandidate, WeightsFile } from '../protocol/summaries';
import type { ImageFilter } from './datasetStore';

/** Settings of an embedding. */
export interface TsneRequest {
  readonly points: number;
  readonly perplexity: number;
  readonly iterations: number;
}

/**
 * Everything a person can ask of the studio. Each command reports by the stores: none throws, failures become notices
 * or the failed state of the panel they belong to.
 */
export interface Commands {
  /** Says what each file is and loads it where it belongs. */
  readonly openFiles: (files: readonly WireFile[]) => Promise<void>;
  /** Takes images that the transform alone is trained on; the experiment names them from then on. */
  readonly openTransformImages: (files: readonly WireFile[]) => Promise<void>;
  /** Trains the transform on the data set's own images again. */
  readonly removeTransformImages: () => Promise<void>;
  /** Makes the experiment name those that are loaded. */
  readonly nameTransformImages: () => void;
  readonly openDemo: () => Promise<void>;
  /** Tries the usual ways to feed the model; null tries both channel orders. */
  readonly proposeNormalization: (channelOrder: 'RGB' | 'BGR' | null) => Promise<void>;
  /** Works out the statistics of the model's tensors. */
  readonly readTensors: () => Promise<void>;
  readonly applyNormalization: (
    candidate: Pick<NormalizationCandidate, 'mean' | 'std' | 'channelOrder'>,
  ) => void;
  /** Shows a page of images; without an offset its first. */
  readonly showImages: (filter: ImageFilter) => Promise<void>;
  /** Takes other settings for the label map and draws it. A map that cannot be drawn changes nothing. */
  readonly drawMap: (settings: LabelMapSettings) => Promise<void>;
  readonly previewTrigger: () => Promise<void>;
  /** Takes an image as the value of a trigger option. */
  readonly setTriggerImage: (option: string, file: WireFile) => Promise<void>;
  /** Takes a file of weights that an experiment may name; null where it holds none. */
  readonly openWeights: (file: WireFile) => Promise<WeightsFile | null>;
  readonly measureBefore: () => Promise<void>;
  readonly measureAfter: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** Goes on from the last checkpoint of a stored run. */
  readonly resumeFrom: (runId: string) => Promise<void>;
  readonly pause: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly step: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly checkpoint: () => Promise<void>;
  readonly refreshGrid: () => Promise<void>;
  readonly runTsne: (request: TsneRequest) => Promise<void>;
  readonly cancelTsne: () => Promise<void>;
  readonly exportFile: (kind: ExportKind) => Promise<void>;
  /** Makes the files once to say how large each is; saves none. */
  readonly measureExports: () => Promise<void>;
  readonly listRuns: () => Promise<void>;
  readonly loadRun: (runId: string) => Promise<void>;
  readonly deleteRun: (runId: string) => Promise<void>;
  /** Chooses a run for the comparison, or takes it out, and reads what is needed. */
  readonly chooseRun: (runId: string) => Promise<void>;
  readonly restoreSession: () => Promise<void>;
  readonly forgetSession: () => Promise<void>;
  /** Starts the engine anew after the device was lost. */
  readonly restartDevice: () => Promise<void>;
  readonly copyLink: () => Promise<void>;
  readonly copyExperiment: () => Promise<void>;
  /** Takes an experiment from its JSON text. */
  readonly openExperimentText: (text: string, source: string) => void;
  readonly pasteExperiment: () => Promise<void>;
  readonly downloadExperiment: () => void;
  /** Draws the gallery's pictures that are not of the settings as they are. */
  readonly previewAttacks: () => Promise<void>;
  /** Asks which training images the experiment's attack changes. */
  readonly planPoisoning: () => Promise<void>;
  /** Saves what is shown of the poisoning, with every index. */
  readonly savePlan: () => void;
  readonly trainVictim: () => Promise<void>;
  /** Goes on with the classifier in the lab from its last checkpoint. */
  readonly resumeVictim: () => Promise<void>;
  readonly pauseVictim: () => Promise<void>;
  readonly goOnVictim: () => Promise<void>;
  readonly stepVictim: () => Promise<void>;
  readonly stopVictim: () => Promise<void>;
  /** Makes the classifier of the lab the model to defend. */
  readonly adoptVictim: () => Promise<void>;
  /** Leaves the training of a classifier aside: the experiment is about the loaded model. */
  readonly keepLoadedModel: () => void;
  /** Shows a stored training of a classifier in the lab. */
  readonly openVictimRun: (runId: string) => Promise<void>;
  /** Asks the black box about one image. For an address, `allowNetwork` is the person's leave for this one time; it is nowhere kept. */
  readonly tryBlackBox: (allowNetwork: boolean) => Promise<void>;
  /** Distils a surrogate of the black box; leave as `tryBlackBox` has it. */
  readonly distil: (allowNetwork: boolean) => Promise<void>;
  /** Goes on with the distillation on the page from its last checkpoint. */
  readonly resumeDistil: (allowNetwork: boolean) => Promise<void>;
  readonly pauseDistil: () => Promise<void>;
  readonly goOnDistil: () => Promise<void>;
  readonly stepDistil: () => Promise<void>;
  readonly stopDistil: () => Promise<void>;
  /** Makes the surrogate the model and trains REFINE on it. */
  readonly defendSurrogate: () => Promise<void>;
  /** Makes the surrogate the model and shows the defence's settings. */
  readonly reviewDefense: () => Promise<void>;
  /** Shows a stored distillation on the model page. */
  readonly openSurrogateRun: (runId: string) => Promise<void>;
  /** Measures the four pairs of Table 11; leave as `tryBlackBox` has it. */
  readonly measureBlackBox: (allowNetwork: boolean) => Promise<void>;
  readonly cancelBlackBox: () => Promise<void>;
  /** Reads what the diagnostics show of kernels, tiles and the last run's step. */
  readonly readDiagnostics: () => Promise<void>;
  /** Reads what is kept decoded on this machine's disk. */
  readonly readDecoded: () => Promise<void>;
  readonly clearDecoded: () => Promise<void>;
  /** Measures what the diagnostics have chosen. */
  readonly runBench: () => Promise<void>;
  readonly cancelBench: () => Promise<void>;
  readonly copyBench: (form: 'markdown' | 'json') => Promise<void>;
  readonly startMatrix: () => Promise<void>;
  readonly resumeMatrix: () => Promise<void>;
  readonly stopMatrix: () => Promise<void>;
  readonly saveMatrix: (kind: 'csv' | 'markdown' | 'experiment') => void;
}
