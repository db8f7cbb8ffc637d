import type { AdapterSummary } from './device';
import type { BenchAsked, BenchResult, KernelReport } from './diagnostics';
import type { WireError } from './errors';
import type { Experiment, LabelMapSettings } from './experiment';
import type { BlackBoxResults, Evaluation, EvaluationPoint, MetricsRow, RunResults } from './results';
import type { SweepCell } from './sweep';
import type { SweepRow } from './sweepTable';
import type {
  AttackDescriptor,
  DatasetSummary,
  DecodedReport,
  FileIdentity,
  ArchitectureDescriptor,
  ImageStrip,
  KeptImages,
  ModelSummary,
  PoisoningSummary,
  NormalizationCandidate,
  TensorStatistics,
  TransformImagesSummary,
  WeightsFile,
} from './summaries';

/** A file handed to the worker; `File`s are cloned by reference, so no bytes cross. */
export interface WireFile {
  readonly path: string;
  readonly blob: Blob;
}

/** What the page knows when the worker is up. */
export interface DeviceReady {
  readonly adapter: AdapterSummary;
  readonly attacks: readonly AttackDescriptor[];
  /** What a victim can be trained as. */
  readonly architectures: readonly ArchitectureDescriptor[];
  /** Own kernels in use, and those switched off by their self-check with the reason. */
  readonly kernels: {
    readonly active: readonly string[];
    readonly disabled: readonly { name: string; reason: string }[];
  };
}

export interface ModelReady {
  readonly summary: ModelSummary;
}

export interface DatasetReady {
  readonly summary: DatasetSummary;
  /** A few images of every class (or the first ones) for the data card. */
  readonly preview: ImageStrip;
}

export interface DemoReady {
  readonly model: ModelReady;
  readonly dataset: DatasetReady;
  readonly experiment: Experiment;
  readonly note: string;
}

export interface NormalizationProposal {
  readonly candidates: readonly NormalizationCandidate[];
  /** Index into `candidates` of the best one, or null where there are no labels to tell by. */
  readonly best: number | null;
}

/** Clean and triggered versions of a few test images. */
export interface TriggerPreview {
  readonly clean: ImageStrip;
  readonly triggered: ImageStrip;
}

export interface LabelMapPreview {
  /** The array whose j-th entry is the label that victim class j stands for. */
  readonly map: readonly number[];
}

/** The grid of Fig. 6-8: four strips of the same images, with class indices predicted for each. */
export interface SampleGrid {
  readonly step: number;
  readonly rows: readonly {
    readonly kind: 'clean' | 'triggered' | 'transformed-clean' | 'transformed-triggered';
    readonly images: ImageStrip;
    /** Final label: the model's own for the first two rows, remapped for the transformed ones. */
    readonly predictions: readonly number[];
    readonly confidences: readonly number[];
  }[];
  readonly labels: readonly (number | null)[];
}

/** t-SNE of penultimate features before and after, embedded together so that both share their axes. */
export interface TsneResult {
  readonly step: number;
  /** x0,y0,x1,y1,...: `points` images without the defence. */
  readonly before: Float32Array;
  /** The same images through the transform. */
  readonly after: Float32Array;
  readonly labels: Int32Array;
  /** 1 where the point is the triggered version of an image. */
  readonly triggered: Uint8Array;
  readonly points: number;
  readonly klDivergence: number;
  readonly seconds: number;
}

/** What a black box says of one image. */
export interface BlackBoxTrial {
  readonly image: ImageStrip;
  /** One for every class; they sum to 1, up to rounding. */
  readonly confidences: readonly number[];
  /** Requests, the network and the classifier together. */
  readonly seconds: number;
}

/** A stored run as the list shows it. */
export interface RunSummary {
  readonly id: string;
  /** What is trained: a defence's transform, a classifier, or a black box's surrogate. */
  readonly kind: 'defense' | 'victim' | 'surrogate';
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly status: 'running' | 'paused' | 'stopped' | 'done' | 'failed';
  readonly step: number;
  readonly totalSteps: number;
  readonly hasCheckpoint: boolean;
  readonly before: Evaluation | null;
  readonly after: Evaluation | null;
}

/** A stored run, whole. */
export interface StoredRun extends RunSummary {
  readonly experiment: Experiment;
  readonly metrics: readonly MetricsRow[];
  readonly history: readonly EvaluationPoint[];
  readonly labelMap: readonly number[];
  readonly results: RunResults | null;
}

export type ExportKind =
  | 'victim.pth'
  | 'victim.safetensors'
  | 'victim-metrics.csv'
  | 'victim-results.json'
  | 'poisoning.json'
  | 'attack.safetensors'
  | 'transform.safetensors'
  | 'transform.pth'
  | 'label_map.json'
  | 'label_shuffle.pth'
  | 'metrics.csv'
  | 'experiment.json'
  | 'results.json'
  | 'bundle.zip';

/** Every request the page can make: its parameters and its answer. */
export interface Requests {
  'device/open': { params: Record<string, never>; result: DeviceReady };
  /** Says what each dropped file is; loads nothing. */
  'files/identify': { params: { files: readonly WireFile[] }; result: readonly FileIdentity[] };
  /** `beside`: files that came with it, where it keeps weights outside. */
  'model/open': { params: { file: WireFile; beside?: readonly WireFile[] }; result: ModelReady };
  /** Statistics of every tensor of the loaded model's file, in its order; worked out when asked for. */
  'model/tensors': { params: Record<string, never>; result: readonly TensorStatistics[] };
  'dataset/open': { params: { files: readonly WireFile[] }; result: DatasetReady };
  'dataset/images': {
    params: { split: 'train' | 'test'; classIndex: number | null; offset: number; count: number };
    result: ImageStrip;
  };
  /** Takes images that the transform alone is trained on, under the path that the experiment gives them; images to evaluate must be loaded. */
  'transform-images/open': {
    params: { path: string; files: readonly WireFile[] };
    result: TransformImagesSummary;
  };
  'transform-images/remove': { params: Record<string, never>; result: null };
  /** What is kept decoded on this machine's disk. */
  'decoded/read': { params: Record<string, never>; result: DecodedReport };
  /** Deletes it, that of the loaded images included: they are decoded again when needed. */
  'decoded/clear': { params: Record<string, never>; result: DecodedReport };
  'demo/open': { params: Record<string, never>; result: DemoReady };
  'model/propose-normalization': {
    params: { channelOrder: 'RGB' | 'BGR' | null };
    result: NormalizationProposal;
  };
  /** Draws a label map for K classes from its settings; checks an explicit one. */
  'map/preview': {
    params: { settings: LabelMapSettings; classes: number; seed: number };
    result: LabelMapPreview;
  };
  /** An image for attack options of kind `image`; the returned id goes into the options. */
  'trigger/image': { params: { file: WireFile }; result: { id: string } };
  /** A file of weights that an experiment names beside its model: a surrogate's, or what training starts from. */
  'weights/open': { params: { file: WireFile }; result: WeightsFile };
  'trigger/preview': {
    params: { experiment: Experiment; count: number };
    result: TriggerPreview;
  };
  /** BA and ASR of the undefended model. */
  'evaluate/before': { params: { experiment: Experiment }; result: Evaluation };
  /** Starts (or resumes, from the run's last checkpoint) training; answers once it runs. */
  'run/start': {
    params: { experiment: Experiment; resume: string | null };
    result: { runId: string; totalSteps: number };
  };
  /** Trains the classifier that `experiment.model.train` describes; a run like any other, with its events and its checkpoint. */
  'victim/train': {
    params: { experiment: Experiment; resume: string | null };
    result: { runId: string; totalSteps: number };
  };
  /** Loads the classifier made last as the model, as if its file had been dropped. */
  'victim/adopt': { params: Record<string, never>; result: ModelReady };
  /** Takes the ONNX file that `model.blackBox.path` names, and keeps a copy for a reload; nothing of it is run yet. */
  'blackbox/open': { params: { file: WireFile }; result: null };
  /** One of the loaded images, and what the experiment's black box says of it. Without `allowNetwork` no address is asked. */
  'blackbox/try': { params: { experiment: Experiment; allowNetwork: boolean }; result: BlackBoxTrial };
  /**
   * Distils the surrogate of `experiment.model.blackBox`; a run like any other. `victim/adopt` then makes it the model, and `run/start` defends
   * it. Without `allowNetwork` no address is asked.
   */
  'blackbox/distil': {
    params: { experiment: Experiment; resume: string | null; allowNetwork: boolean };
    result: { runId: string; totalSteps: number };
  };
  /** The four pairs of Table 11, of the defended surrogate and its black box; they are kept with the run. */
  'blackbox/evaluate': { params: { allowNetwork: boolean }; result: BlackBoxResults };
  /** Runs every cell of an experiment's sweep on what is loaded; cells of the same file that are done already are not run again. */
  'sweep/start': { params: { file: unknown }; result: Pick<StoredSweep, 'cells' | 'rows'> };
  /** Stops after the current step; the same `sweep/start` goes on with what is missing. */
  'sweep/stop': { params: Record<string, never>; result: null };
  /** What the last sweep gave, also after a reload; null where there was none. */
  'sweep/read': { params: Record<string, never>; result: StoredSweep | null };
  /** Which training images the experiment's attack changes; none of them is touched. */
  'attack/plan': { params: { experiment: Experiment }; result: PoisoningSummary };
  'run/pause': { params: { runId: string }; result: null };
  'run/resume': { params: { runId: string }; result: null };
  /** While paused: one more step, then paused again. */
  'run/step': { params: { runId: string }; result: null };
  /** Stops for good after the current step; what was learned is kept and evaluated. */
  'run/stop': { params: { runId: string }; result: null };
  'run/checkpoint': { params: { runId: string }; result: { step: number } };
  'evaluate/after': { params: Record<string, never>; result: Evaluation };
  'analysis/grid': { params: { count: number }; result: SampleGrid };
  'analysis/tsne': {
    params: { points: number; perplexity: number; iterations: number; seed: number };
    result: TsneResult;
  };
  'analysis/cancel': { params: Record<string, never>; result: null };
  'export/file': { params: { kind: ExportKind }; result: { name: string; bytes: Uint8Array } };
  /** Restores a defended model from an exported bundle (zip, or its files); the model must be loaded. */
  'bundle/open': {
    params: { files: readonly WireFile[] };
    result: {
      experiment: Experiment | null;
      labelMap: readonly number[];
      firstChannels: number;
      note: string;
    };
  };
  'runs/list': { params: Record<string, never>; result: readonly RunSummary[] };
  'runs/read': { params: { runId: string }; result: StoredRun };
  'runs/delete': { params: { runId: string }; result: null };
  /** Small JSON the page wants back after a reload (the draft experiment). */
  'settings/write': { params: { key: string; value: unknown }; result: null };
  'settings/read': { params: { key: string }; result: unknown };
  /** Stored copies of the last model and data files, so that a reload can offer to go on. */
  'session/restore': {
    params: Record<string, never>;
    result: {
      model: ModelReady | null;
      dataset: DatasetReady | null;
      transformImages: TransformImagesSummary | null;
      experiment: Experiment | null;
      run: RunSummary | null;
      /** The name of the black box's ONNX file, which is there again. */
      blackBox: string | null;
      /** Files of weights that an experiment may name. */
      weights: readonly WeightsFile[];
    };
  };
  'session/clear': { params: Record<string, never>; result: null };
  'diagnostics/memory': { params: Record<string, never>; result: { tensors: number; gpuBytes: number } };
  'diagnostics/kernels': { params: Record<string, never>; result: KernelReport };
  /** Measures on a device of its own, while nothing else computes; `analysis/cancel` ends it. */
  'diagnostics/bench': { params: BenchAsked; result: BenchResult };
}

export type RequestName = keyof Requests;
export type Params<N extends RequestName> = Requests[N]['params'];
export type Result<N extends RequestName> = Requests[N]['result'];

/** Page to worker. */
export interface RequestMessage<N extends RequestName = RequestName> {
  readonly type: 'request';
  readonly id: number;
  readonly name: N;
  readonly params: Params<N>;
}

/** A run as it goes: at most ten of these a second reach the page. */
export interface RunProgress {
  readonly runId: string;
  readonly phase:
    'preparing' | 'evaluating-before' | 'training' | 'paused' | 'evaluating' | 'done' | 'stopped' | 'failed';
  readonly step: number;
  readonly totalSteps: number;
  readonly epoch: number;
  /** Training steps a second over the last seconds; 0 until two steps are done. */
  readonly stepsPerSecond: number;
  readonly secondsLeft: number | null;
  readonly note: string | null;
}

/** A run of a sweep, as the page lists it. */
export type SweepCellSummary = Pick<SweepCell, 'index' | 'id' | 'values'>;

/** How far a sweep is. */
export interface SweepProgress {
  readonly status: 'running' | 'done' | 'stopped';
  /** The cell under way, from 0; the number of cells when all are done. */
  readonly index: number;
  readonly count: number;
  readonly stage: 'victim' | 'defense' | null;
}

/** A sweep as it was kept. */
export interface StoredSweep {
  readonly file: unknown;
  readonly cells: readonly SweepCellSummary[];
  readonly rows: readonly SweepRow[];
}

/** Worker to page, unasked. */
export type WorkerEvent =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'progress';
      readonly requestId: number;
      readonly done: number;
      readonly total: number | null;
      readonly note: string;
    }
  | { readonly kind: 'run/progress'; readonly progress: RunProgress }
  /** Rows since the last event, oldest first. */
  | { readonly kind: 'run/metrics'; readonly runId: string; readonly rows: readonly MetricsRow[] }
  | {
      readonly kind: 'run/evaluation';
      readonly runId: string;
      readonly point: EvaluationPoint;
      readonly when: 'before' | 'during' | 'after';
    }
  | { readonly kind: 'run/grid'; readonly runId: string; readonly grid: SampleGrid }
  | { readonly kind: 'run/checkpointed'; readonly runId: string; readonly step: number; readonly at: string }
  | { readonly kind: 'run/finished'; readonly runId: string; readonly results: RunResults }
  | { readonly kind: 'run/failed'; readonly runId: string; readonly error: WireError }
  | { readonly kind: 'sweep/progress'; readonly progress: SweepProgress }
  /** A run of the sweep is over, or was found done. */
  | { readonly kind: 'sweep/row'; readonly row: SweepRow }
  /** How far decoded images are kept, of the data set and of the images for the transform. */
  | {
      readonly kind: 'images/kept';
      readonly dataset: KeptImages | null;
      readonly transform: KeptImages | null;
    }
  | { readonly kind: 'device/lost'; readonly error: WireError }
  | { readonly kind: 'device/error'; readonly error: WireError }
  | { readonly kind: 'memory'; readonly tensors: number; readonly gpuBytes: number };

export interface EventMessage {
  readonly type: 'event';
  readonly sequence: number;
  readonly event: WorkerEvent;
}

export interface ResultMessage {
  readonly type: 'result';
  readonly id: number;
  readonly result: unknown;
}

export interface FailureMessage {
  readonly type: 'failure';
  readonly id: number;
  readonly error: WireError;
}

/** Everything the worker sends. */
export type WorkerMessage = EventMessage | ResultMessage | FailureMessage;
