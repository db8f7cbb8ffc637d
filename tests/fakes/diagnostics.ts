import type { BenchAsked, BenchResult, KernelReport } from '../../src/protocol/diagnostics';

/** An invented state of the kernels. */
export function fakeKernels(software: boolean, stepped: boolean): KernelReport {
  const tile = software ? 'register' : 'large';
  const shapes = ['wide', 'middle', 'narrow'].flatMap((width) => [`convolve/${width}`, `filter/${width}`]);
  return {
    active: [
      ...['Conv2D', 'FusedConv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter', 'RefineConcatConv'],
      ...['RefineFoldedConv', 'DepthwiseConv2dNative', 'Sum', 'Mean', 'RefineBatchNormStatistics'],
      ...['RefineBatchNormGradient', 'RefineClassification', 'RefineSupCon', 'RefineNormalizePixels'],
      ...['MaxPoolGrad', 'ResizeBilinearGrad', 'RefineInPlace', 'RefineMovingAverage', 'RefineAugment'],
    ],
    disabled: software
      ? [{ name: 'batchNorm', reason: 'its self-check differed from the reference by 3e-3' }]
      : [],
    tiles: {
      chosen: shapes.map((name, i) => ({ shapes: name, tile, ms: software ? null : 0.4 + i / 10 })),
      source: software ? 'not-measured' : 'measured',
      precision: 'f32',
      subgroups: false,
      dropped: software
        ? []
        : [{ shapes: 'filter/narrow', tile: 'huge', reason: 'its first run took 2310 ms' }],
    },
    limits: [
      { name: 'maxBufferSize', value: 2 ** 32 },
      { name: 'maxStorageBufferBindingSize', value: 2 ** 31 },
      { name: 'maxStorageBuffersPerShaderStage', value: 10 },
      { name: 'maxComputeWorkgroupStorageSize', value: 32768 },
      { name: 'maxComputeInvocationsPerWorkgroup', value: 1024 },
      { name: 'maxComputeWorkgroupsPerDimension', value: 65535 },
    ],
    step: stepped
      ? {
          kind: 'planned',
          dispatches: 341,
          submits: 1,
          parameterBytes: 5.4e6,
          temporaryBytes: 96e6,
          peakLiveBytes: 92e6,
        }
      : null,
  };
}

/** An invented benchmark of what was asked for. */
export function fakeBench({ kind, sizes }: BenchAsked): BenchResult {
  const kernels = ['conv2d', 'conv2dBackpropInput', 'conv2dBackpropFilter', 'batchNorm', 'optimizer'];
  return {
    adapter: 'Fake GPU 9000',
    at: '2026-11-20T12:00:00.000Z',
    seconds: 47,
    bestProduct: kind === 'steps' ? '5210 GFLOP/s (ours, 1x1 convolution, 4096 x 4096 x 4096)' : null,
    steps: kind === 'kernels' ? [] : sizes.flatMap((size, i) => [ours(size, i), stock(size, i)]),
    kernels:
      kind === 'steps'
        ? []
        : kernels.map((kernel, i) => ({
            kernel,
            shape: `batch 32, ${32 >> i}x${32 >> i}, ${8 << i} to ${8 << i}, 3x3`,
            stockMs: 4.21 + i,
            oursMs: 0.512 + i / 9,
            ratio: 8.2 - i,
            gflops: i === 4 ? 0 : 1210 + 97 * i,
            gigabytesPerSecond: 142 + i,
          })),
    markdown: '| invented | table |',
  };
}

const ours = (size: BenchAsked['sizes'][number], i: number): BenchResult['steps'][number] => ({
  size,
  column: 'ours',
  status: 'measured',
  reason: null,
  stepMs: 12.3 * (i + 1),
  timesOurs: 1,
  firstStepMs: 812,
  gflops: 910,
  shareOfBest: 0.175,
  dispatches: 341,
  submits: 1,
  uploads: 0,
  peakBytes: 184e6,
});

const stock = (size: BenchAsked['sizes'][number], i: number): BenchResult['steps'][number] =>
  i % 2 === 0
    ? {
        ...ours(size, i),
        column: 'stock',
        stepMs: 141.2 * (i + 1),
        timesOurs: 11.5,
        firstStepMs: 2431,
        gflops: 79,
        shareOfBest: 0.015,
        dispatches: 1893,
        submits: 127,
        uploads: 212,
        peakBytes: null,
      }
    : {
        size,
        column: 'stock',
        status: 'skipped',
        reason: 'a step is estimated at 240 s, and the cell has 120 s for two rounds',
        stepMs: null,
        timesOurs: null,
        firstStepMs: null,
        gflops: null,
        shareOfBest: null,
        dispatches: null,
        submits: null,
        uploads: null,
        peakBytes: null,
      };
