import type { StudioClient } from '../../src/protocol/client';
import { droppedPath } from '../../src/protocol/droppedPath';
import { type ErrorCode, StudioError } from '../../src/protocol/errors';
import type {
  Params,
  RequestName,
  Result,
  StoredRun,
  WireFile,
  WorkerEvent,
} from '../../src/protocol/messages';
import type { DecodedReport, FileIdentity, TransformImagesSummary } from '../../src/protocol/summaries';
import {
  fakeDataset,
  fakeDecoded,
  fakeDevice,
  fakeEvaluation,
  fakeExperiment,
  fakeGrid,
  fakeModel,
  fakeTensors,
  fakeTransformImages,
  fakeTsne,
} from './answers';
import { fakePoisoning, fakePreview } from './attacks';
import { fakePairs, fakeTrial } from './blackBox';
import { fakeBench, fakeKernels } from './diagnostics';
import { FakeRun } from './fakeRun';
import { FakeSweep } from './fakeSweep';
import { fakeWeights } from './fakeWeights';
import { fakeStrip } from './pictures';

export interface FakeOptions {
  readonly software?: boolean;
  /** Thrown by `device/open`. */
  readonly deviceError?: ErrorCode;
  readonly stepsPerTick?: number;
  readonly latencyMs?: number;
  /** What `settings/read` finds under `session`. */
  readonly session?: unknown;
}

/** A studio client that computes nothing: scripted answers, streaming events, figures invented. For tests only. */
export class FakeClient implements StudioClient {
  readonly calls: { name: RequestName; params: unknown }[] = [];
  readonly settings = new Map<string, unknown>();
  run: FakeRun | null = null;
  /** The last sweep, which ends its runs when it is told to. */
  sweep: FakeSweep | null = null;
  restarts = 0;
  /** The ONNX file that is only asked. */
  blackBox: string | null = null;
  /** What the engine holds for the transform alone. */
  transformImages: TransformImagesSummary | null = null;
  decoded: DecodedReport = fakeDecoded();
  private readonly runs = new Map<string, FakeRun>();
  private readonly listeners = new Set<(event: WorkerEvent) => void>();
  private readonly failures = new Map<RequestName, StudioError>();
  private cancelled = false;

  constructor(private readonly options: FakeOptions = {}) {
    if (options.session !== undefined) this.settings.set('session', options.session);
  }

  /** The next call of this name fails so. */
  failNext(name: RequestName, error: StudioError): void {
    this.failures.set(name, error);
  }

  readonly emit = (event: WorkerEvent): void => {
    for (const listener of this.listeners) listener(event);
  };

  subscribe(listener: (event: WorkerEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  restart(): void {
    this.restarts += 1;
    this.run?.pause('stopped');
    this.run = null;
  }

  async call<N extends RequestName>(
    name: N,
    params: Params<N>,
    options: { readonly onProgress?: (done: number, total: number | null, note: string) => void } = {},
  ): Promise<Result<N>> {
    this.calls.push({ name, params });
    await new Promise((resolve) => setTimeout(resolve, this.options.latencyMs ?? 0));
    const failure = this.failures.get(name);
    if (failure) {
      this.failures.delete(name);
      throw failure;
    }
    const answers = this.answers(options.onProgress ?? (() => undefined));
    return answers[name](params);
  }

  private answers(progress: (done: number, total: number | null, note: string) => void): {
    [N in RequestName]: (params: Params<N>) => Result<N> | Promise<Result<N>>;
  } {
    return {
      'device/open': () => this.openDevice(),
      'files/identify': ({ files }) => files.map(identify),
      'model/open': ({ file }) => fakeModel(file.path),
      'dataset/open': ({ files }) => fakeDataset(files[0]?.path ?? 'images', droppedPath(files)),
      'dataset/images': ({ classIndex, offset, count }) =>
        fakeStrip(
          Array.from({ length: count }, (_, index) => classIndex ?? (index + offset) % 10),
          offset + (classIndex ?? 0) * 100,
        ),
      'transform-images/open': ({ path, files }) =>
        (this.transformImages = fakeTransformImages(path, files.length)),
      'transform-images/remove': () => (this.transformImages = null),
      'decoded/read': () => this.decoded,
      'decoded/clear': () => (this.decoded = { ...this.decoded, stores: [] }),
      'demo/open': () => ({
        model: fakeModel(),
        dataset: fakeDataset(),
        experiment: fakeExperiment(),
        note: '',
      }),
      'model/propose-normalization': () => proposal(),
      'model/tensors': () => fakeTensors(),
      'map/preview': ({ settings, classes }) => ({ map: drawMap(settings, classes) }),
      'trigger/image': () => ({ id: 'image-1' }),
      'weights/open': ({ file }) => fakeWeights(file.path),
      'trigger/preview': ({ experiment, count }) =>
        fakePreview(experiment.attack ?? { kind: 'badnets', target: 0, options: {} }, count),
      'evaluate/before': ({ experiment }) => fakeEvaluation(0, false, experiment.attack !== null),
      'run/start': ({ experiment, resume }) => this.startRun(experiment, resume),
      'blackbox/open': ({ file }) => ((this.blackBox = file.path), null),
      'blackbox/try': () => fakeTrial(),
      'blackbox/distil': ({ experiment, resume }) => this.startRun(experiment, resume, 'surrogate'),
      'blackbox/evaluate': () => this.measurePairs(progress),
      'victim/train': ({ experiment, resume }) => this.startRun(experiment, resume, 'victim'),
      'victim/adopt': () =>
        fakeModel(`untitled-run-${this.run?.kind === 'surrogate' ? 'surrogate' : 'victim'}.pth`),
      'sweep/start': ({ file }) => {
        this.sweep = new FakeSweep(file, this.emit);
        return { cells: this.sweep.cells, rows: [] };
      },
      'sweep/stop': () => (this.sweep?.stop(), null),
      'sweep/read': () => this.sweep?.stored() ?? null,
      'attack/plan': ({ experiment }) =>
        fakePoisoning(experiment.attack ?? { kind: 'badnets', target: 0, options: {} }),
      'run/pause': () => (this.run?.pause(), null),
      'run/resume': () => (this.run?.resume(), null),
      'run/step': () => {
        this.run?.advance(1);
        return null;
      },
      'run/stop': () => (this.run?.finish('stopped'), null),
      'run/checkpoint': () => ({ step: (this.run && (this.run.checkpointStep = this.run.step)) ?? 0 }),
      'evaluate/after': () => fakeEvaluation(1, true),
      'analysis/grid': () => fakeGrid(this.run?.step ?? 0, this.run?.totalSteps ?? 600),
      'analysis/tsne': ({ points }) => this.tsne(points, progress),
      'analysis/cancel': () => {
        this.cancelled = true;
        return null;
      },
      'export/file': ({ kind }) => ({ name: kind, bytes: new Uint8Array(kind.length * 1200) }),
      'bundle/open': () => ({
        experiment: fakeExperiment(),
        labelMap: [5, 7, 0, 9, 3, 4, 8, 1, 6, 2],
        firstChannels: 8,
        note: 'The defended model of "demo signs" is back, with its label map.',
      }),
      'runs/list': () => [...this.runs.values()].map((run) => run.stored()),
      'runs/read': ({ runId }) => this.stored(runId),
      'runs/delete': ({ runId }) => (this.runs.delete(runId), null),
      'settings/write': ({ key, value }) => (this.settings.set(key, value), null),
      'settings/read': ({ key }) => this.settings.get(key) ?? null,
      'session/restore': () => ({
        model: fakeModel(),
        dataset: fakeDataset(),
        transformImages: this.transformImages,
        experiment: fakeExperiment(),
        run: this.earlierRun().stored(),
        blackBox: this.blackBox,
        weights: [fakeWeights('start-8.pth')],
      }),
      'session/clear': () => null,
      'diagnostics/memory': () => ({ tensors: 268, gpuBytes: 412e6 }),
      'diagnostics/kernels': () => fakeKernels(this.options.software ?? false, this.run !== null),
      'diagnostics/bench': (asked) => this.bench(asked, progress),
    };
  }

  private openDevice() {
    const { deviceError, software } = this.options;
    if (deviceError === undefined) return fakeDevice(software ?? false);
    throw new StudioError(deviceError, 'This browser offers no WebGPU adapter.');
  }

  private startRun(
    experiment: ReturnType<typeof fakeExperiment>,
    resume: string | null,
    kind: StoredRun['kind'] = 'defense',
  ) {
    const { train, blackBox } = experiment.model;
    const own = kind === 'victim' ? train : kind === 'surrogate' ? blackBox?.distil : null;
    const length = own ?? experiment.defense;
    const totalSteps = length.maxSteps ?? length.epochs * 50;
    const id = resume ?? `run-${this.runs.size + 1}`;
    const run = new FakeRun(id, experiment, totalSteps, this.options.stepsPerTick ?? 4, this.emit, kind);
    if (resume) run.step = this.runs.get(resume)?.checkpointStep ?? 0;
    this.run = run;
    this.runs.set(id, run);
    setTimeout(() => run.start(), this.options.latencyMs ?? 0);
    return { runId: id, totalSteps };
  }

  /** A run of a visit before this one. */
  earlierRun(): FakeRun {
    const { defense, ...rest } = fakeExperiment();
    const experiment = { ...rest, name: 'demo, wider', seed: 7, defense: { ...defense, firstChannels: 16 } };
    const run = new FakeRun('run-earlier', experiment, 600, 4, () => undefined);
    run.advance(412);
    run.checkpointStep = 400;
    run.phase = 'paused';
    this.runs.set(run.id, run);
    return run;
  }

  /** The four pairs, kept with the run as the engine keeps them. */
  private async measurePairs(progress: (done: number, total: number | null, note: string) => void) {
    this.cancelled = false;
    for (let done = 0; done <= 2000; done += 500) {
      progress(done, 2000, 'the black box, defended');
      await new Promise((resolve) => setTimeout(resolve, this.options.latencyMs ?? 0));
      if (this.cancelled) throw new StudioError('aborted', 'Stopped.');
    }
    const pairs = fakePairs();
    if (this.run?.results) this.run.results = { ...this.run.results, blackBox: pairs };
    return pairs;
  }

  private stored(runId: string) {
    const run = this.runs.get(runId);
    if (!run) throw new StudioError('storage/corrupt', `The stored run ${runId} cannot be read.`);
    return run.stored();
  }

  private async bench(
    asked: Params<'diagnostics/bench'>,
    progress: (done: number, total: number | null, note: string) => void,
  ) {
    this.cancelled = false;
    for (let step = 0; step <= asked.steps; step++) {
      progress(step, asked.steps + 1, `step ${step}, ours: 12 ms`);
      await new Promise((resolve) => setTimeout(resolve, this.options.latencyMs ?? 0));
      if (this.cancelled) throw new StudioError('aborted', 'The benchmark was stopped.');
    }
    return fakeBench(asked);
  }

  private async tsne(points: number, progress: (done: number, total: number | null, note: string) => void) {
    this.cancelled = false;
    for (let done = 0; done < 500; done += 100) {
      progress(done, 500, 'iterations');
      await new Promise((resolve) => setTimeout(resolve, this.options.latencyMs ?? 0));
      if (this.cancelled) throw new StudioError('aborted', 'Stopped.');
    }
    return fakeTsne(points, this.run?.step ?? 0);
  }
}

function identify({ path, blob }: WireFile): FileIdentity {
  const base = { path, sizeBytes: blob.size };
  if (/transform|bundle/.test(path)) return { ...base, role: 'transform', description: 'Exported defence' };
  if (/label_(map|shuffle)/.test(path)) return { ...base, role: 'label-map', description: 'Label map' };
  if (/\.(pth|pt|safetensors|onnx)$/.test(path))
    return { ...base, role: 'model', description: 'PyTorch state_dict' };
  if (/\.json$/.test(path)) return { ...base, role: 'experiment', description: 'Experiment file' };
  if (/\.(zip|gz|tar|bin)$|\//.test(path)) return { ...base, role: 'dataset', description: 'Images' };
  if (/\.(png|jpe?g)$/.test(path)) return { ...base, role: 'trigger-image', description: 'PNG image' };
  return { ...base, role: 'unknown', description: 'HTML page' };
}

function drawMap(settings: Params<'map/preview'>['settings'], classes: number): number[] {
  const all = Array.from({ length: classes }, (_, index) => index);
  switch (settings.kind) {
    case 'identity':
      return all;
    case 'shift':
      return all.map((index) => (index + 1) % classes);
    case 'explicit':
      if (settings.permutation.length !== classes) {
        throw new StudioError(
          'map/wrong-size',
          `This is a ${settings.permutation.length}-class map for a ${classes}-class model.`,
        );
      }
      return [...settings.permutation];
    case 'derangement':
      return all.map((index) => (index + 1 + ((settings.seed ?? 0) % (classes - 1))) % classes);
  }
}

function proposal(): Result<'model/propose-normalization'> {
  const one = (id: string, label: string, channelOrder: 'RGB' | 'BGR', accuracy: number) => ({
    id,
    label,
    channelOrder,
    accuracy,
    mean: [0.4914, 0.4822, 0.4465] as const,
    std: [0.2023, 0.1994, 0.201] as const,
    sample: 500,
  });
  return {
    candidates: [
      one('cifar-rgb', 'CIFAR-10, RGB', 'RGB', 0.966),
      one('cifar-bgr', 'CIFAR-10, BGR', 'BGR', 0.412),
      one('unit-rgb', 'Pixels in [0,1], RGB', 'RGB', 0.731),
    ],
    best: 0,
  };
}
