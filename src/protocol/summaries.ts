/** A dropped file, named for what it is before anything is loaded. */
export interface FileIdentity {
  readonly path: string;
  readonly sizeBytes: number;
  readonly role: 'model' | 'dataset' | 'experiment' | 'label-map' | 'transform' | 'trigger-image' | 'unknown';
  /** Plain words: "PyTorch state_dict (zip)", "HTML page", ... */
  readonly description: string;
}

/** A file of weights that the engine has and an experiment may name by its path. */
export interface WeightsFile {
  readonly path: string;
  /** "UNet 64"; null where the studio knows no such network. */
  readonly label: string | null;
  /** Of a transform; null for other networks. */
  readonly firstChannels: number | null;
}

/** One row of the layer list. */
export interface LayerSummary {
  readonly name: string;
  readonly kind: string;
  readonly outputShape: readonly number[];
  readonly parameters: number;
}

/** What the values of one tensor of the model's file are like. */
export interface TensorStatistics {
  readonly name: string;
  /** As the file has it, under PyTorch's names. */
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly count: number;
  /** Of the finite values, as are the next three; null where there is none. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Population standard deviation. */
  readonly std: number | null;
  /** Zeros over all values. */
  readonly zeroShare: number;
  readonly notNumbers: number;
  readonly infinite: number;
}

/** The model card. */
export interface ModelSummary {
  readonly fileName: string;
  /** SHA-256 of the file, hex. */
  readonly hash: string;
  readonly format: string;
  /** E.g. `cifar-resnet`; null when no template fits the keys. */
  readonly architecture: string | null;
  /** E.g. "CIFAR ResNet-18, first width 16". */
  readonly architectureLabel: string;
  readonly parameters: number;
  readonly tensors: number;
  readonly classes: number | null;
  /** [H, W, 3]; null when unknown. */
  readonly inputShape: readonly number[] | null;
  readonly layers: readonly LayerSummary[];
  readonly verdict: 'can-be-defended' | 'can-only-be-evaluated' | 'unsupported';
  readonly verdictReason: string;
  readonly opaqueObjects: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The data card. */
export interface DatasetSummary {
  readonly name: string;
  /** What an experiment calls it: the one file, the folder around all of them, or the built-in's name; null for loose files. */
  readonly path: string | null;
  readonly format: string;
  readonly classNames: readonly string[];
  readonly height: number;
  readonly width: number;
  readonly trainCount: number;
  readonly testCount: number | null;
  readonly labelled: boolean;
  readonly trainPerClass: readonly number[] | null;
  readonly testPerClass: readonly number[] | null;
  /** Per-channel statistics over a seeded sample of training images, pixels in [0,1]. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly statisticsSample: number;
  /** Bytes of uint8 pixels when everything is decoded. */
  readonly decodedBytes: number;
  /** Sentences on what was done to the images beyond reading them, such as resizing. */
  readonly notes?: readonly string[];
  /** How far decoded images are kept on disk; absent where they fit in memory. */
  readonly kept?: KeptImages;
}

/** Decoded images of a loaded data set that are kept on disk, all its parts together. */
export interface KeptImages {
  /** Images that are to be kept. */
  readonly count: number;
  /** Images that are. */
  readonly stored: number;
  /** Bytes of their pixels. */
  readonly bytes: number;
  /** A sentence on why not all can be kept; null where they can. */
  readonly problem: string | null;
}

/** Images that a transform alone is trained on (`dataset.transformPath`). */
export interface TransformImagesSummary {
  /** As the experiment names them. */
  readonly path: string;
  readonly format: string;
  readonly count: number;
  /** Pixels as they came; training sees them at the size of the data set. */
  readonly height: number;
  readonly width: number;
  /** Whether they came with labels, which are not used. */
  readonly labelled: boolean;
  readonly notes: readonly string[];
  /** Absent where they fit in memory. */
  readonly kept?: KeptImages;
}

/** Stores of decoded images on this machine's disk. */
export interface DecodedReport {
  /** False where there is no place for them here. */
  readonly available: boolean;
  /** More than this is never kept; the store used longest ago goes first. */
  readonly capBytes: number;
  readonly stores: readonly {
    readonly id: string;
    readonly name: string;
    readonly count: number;
    readonly sizeBytes: number;
    /** Milliseconds since 1970. */
    readonly usedAt: number;
    /** Whether the loaded images use it. */
    readonly open: boolean;
  }[];
}

/** Images packed for the page: uint8 RGB, [count, height, width, 3]. */
export interface ImageStrip {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly pixels: Uint8Array;
  readonly labels: readonly (number | null)[];
}

/** One way to feed the model, with how well it does that way on a labelled sample. */
export interface NormalizationCandidate {
  readonly id: string;
  readonly label: string;
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly channelOrder: 'RGB' | 'BGR';
  readonly accuracy: number;
  readonly sample: number;
}

/** How one option of an attack is edited; the page builds its form from these. */
export interface OptionDescriptor {
  readonly key: string;
  readonly label: string;
  readonly help: string;
  /** `file`: a model file, named by the path it is loaded under. */
  readonly kind: 'number' | 'integer' | 'choice' | 'image' | 'file';
  /** Null: none, or, for a number, what `bySize` says. */
  readonly default: number | string | null;
  /** Default of a number that depends on the images: for sides below 128 pixels, and from there up. */
  readonly bySize?: { readonly small: number; readonly large: number };
  readonly minimum?: number;
  readonly maximum?: number;
  readonly choices?: readonly string[];
  /** True where the option matters only while a victim is trained, not for the trigger that it is tested with. */
  readonly training?: true;
}

/** A registered attack as the page lists it. */
export interface AttackDescriptor {
  readonly kind: string;
  readonly label: string;
  readonly description: string;
  readonly options: readonly OptionDescriptor[];
}

/** What `headless inspect` prints. */
export interface InspectReport {
  readonly kind: 'model' | 'dataset' | 'experiment' | 'label-map' | 'unknown';
  readonly format: string;
  readonly architecture: string | null;
  readonly parameters: number | null;
  readonly classes: number | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly verdict: string;
}

/** An architecture a victim can be trained as. */
export interface ArchitectureDescriptor {
  readonly id: string;
  readonly label: string;
  /** The published learning rate of its recipe. */
  readonly learningRate: number;
}

/** How many images of one class an attack changes. */
export interface PoisonedClass {
  readonly label: number;
  /** Training images of the class, by their true label. */
  readonly images: number;
  readonly poison: number;
  readonly cover: number;
  readonly noise: number;
}

/** What an attack does to the training data; plain JSON, so it can be shown and exported. */
export interface PoisoningSummary {
  readonly target: number;
  readonly count: number;
  readonly poison: number;
  readonly cover: number;
  readonly noise: number;
  /** Poisoned images whose label is changed. */
  readonly relabelled: number;
  readonly classes: readonly PoisonedClass[];
  /** Indices into the training images, ascending. */
  readonly indices: {
    readonly poison: readonly number[];
    readonly cover: readonly number[];
    readonly noise: readonly number[];
  };
}
