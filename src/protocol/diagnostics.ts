/** Sizes of a benchmark's training step: UNet first channels, victim width (ResNet-18), batch. Images are 32 x 32. */
export interface BenchSize {
  readonly channels: number;
  readonly width: number;
  readonly batch: number;
}

/** What the page asks to be measured. */
export interface BenchAsked {
  /** `steps`: whole training steps of every size, stock tfjs and ours in turn. `kernels`: each kernel by itself. */
  readonly kind: 'steps' | 'kernels';
  /** Of `kernels` only the first one's batch counts. */
  readonly sizes: readonly BenchSize[];
  /** Steps after the first, or rounds over each kernel. */
  readonly steps: number;
  /** Seconds that one size may take, by estimate. */
  readonly budgetSeconds: number;
}

/** One column of one size. Numbers are null where they were not measured. */
export interface BenchStepRow {
  readonly size: BenchSize;
  readonly column: string;
  readonly status: 'measured' | 'skipped' | 'failed';
  /** Why it was not measured. */
  readonly reason: string | null;
  /** Median milliseconds of the steps after the first. */
  readonly stepMs: number | null;
  /** This column's time over ours, median over the rounds. */
  readonly timesOurs: number | null;
  readonly firstStepMs: number | null;
  readonly gflops: number | null;
  /** Of the adapter's best product. */
  readonly shareOfBest: number | null;
  readonly dispatches: number | null;
  readonly submits: number | null;
  readonly uploads: number | null;
  readonly peakBytes: number | null;
}

/** One kernel on one shape. */
export interface BenchKernelRow {
  readonly kernel: string;
  readonly shape: string;
  readonly stockMs: number;
  readonly oursMs: number;
  readonly ratio: number;
  /** 0 for what only moves bytes. */
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

/** A benchmark's outcome. */
export interface BenchResult {
  readonly adapter: string;
  /** When it ended, ISO 8601. */
  readonly at: string;
  readonly seconds: number;
  /** The fastest product found, in words; null where none was timed. */
  readonly bestProduct: string | null;
  readonly steps: readonly BenchStepRow[];
  readonly kernels: readonly BenchKernelRow[];
  /** The same as tables. */
  readonly markdown: string;
}

/** How a training's steps reach the GPU. */
export type StepReport =
  | {
      readonly kind: 'planned';
      readonly dispatches: number;
      readonly submits: number;
      /** Parameters, gradients and optimiser slots. */
      readonly parameterBytes: number;
      /** Buffers of what lives within one step, and the most of it that is alive at once. */
      readonly temporaryBytes: number;
      readonly peakLiveBytes: number;
    }
  | { readonly kind: 'unplanned'; readonly reason: string };

/** The state of what computes. */
export interface KernelReport {
  readonly active: readonly string[];
  readonly disabled: readonly { readonly name: string; readonly reason: string }[];
  readonly tiles: {
    /** By class of convolution, the tile it runs: `register`, or one with workgroup memory. */
    readonly chosen: readonly {
      readonly shapes: string;
      readonly tile: string;
      readonly ms: number | null;
    }[];
    readonly source: 'measured' | 'stored' | 'not-measured';
    readonly precision: string;
    readonly subgroups: boolean;
    readonly dropped: readonly { readonly shapes: string; readonly tile: string; readonly reason: string }[];
  };
  /** Limits of the open device, by WebGPU's names. */
  readonly limits: readonly { readonly name: string; readonly value: number }[];
  /** Of the last defence's run; null before one has taken a step. */
  readonly step: StepReport | null;
}
