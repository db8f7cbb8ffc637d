import { StudioError } from '../../src/protocol/errors';
import { parseExperiment } from '../../src/protocol/experiment';
import type { RunProgress, SampleGrid, WorkerEvent } from '../../src/protocol/messages';
import type { Evaluation } from '../../src/protocol/results';
import { createMemoryStore } from '../../src/storage/memoryStore';
import type { RunStore } from '../../src/storage/runStore';
import { createGpuQueue } from '../../src/worker/engine/gpuQueue';
import { RunController } from '../../src/worker/engine/run/runController';
import { newRecord, resumeRecord, RunJournal } from '../../src/worker/engine/run/runJournal';
import type { RunTrainer } from '../../src/worker/engine/run/trainer';

export const TOTAL = 12;
const PER_EPOCH = 4;

const evaluation = (benign: number): Evaluation => ({
  benignAccuracy: { rate: benign, count: benign * 10, of: 10 },
  attackSuccessRate: null,
  landsAtMapOfTarget: null,
  triggeredTrueLabelAccuracy: null,
  agreementWithOriginal: null,
  confusion: null,
  confusionTriggered: null,
});

interface Options {
  readonly startStep?: number;
  readonly everyEpochs?: number;
  readonly failAt?: number;
  readonly stepMs?: number;
  readonly store?: RunStore;
  readonly evaluateBefore?: RunTrainer['evaluateBefore'];
  /** Batches of an evaluation, each a turn; all counted in `batches`. */
  readonly batches?: number;
  /** Turns of work that the step after `groundworkAt` needs first. */
  readonly groundwork?: number;
  readonly groundworkAt?: number;
  readonly resume?: string;
}

/** A run over a trainer that only counts, with its events, its store and a clock of its own. */
export async function openFakeRun(options: Options = {}) {
  const store = options.store ?? createMemoryStore();
  const events: WorkerEvent[] = [];
  const experiment = parseExperiment({
    version: 1,
    name: 'fake',
    model: { path: 'm' },
    dataset: { path: 'd' },
    defense: { kind: 'refine' },
    evaluate: { everyEpochs: options.everyEpochs ?? 0 },
  });
  const resumed = options.resume === undefined ? null : await resumeRecord(store, options.resume);
  let step = resumed?.step ?? options.startStep ?? 0;
  const clock = { ms: 0 };
  const busy = { now: 0, most: 0 };
  const exclusively = async <T>(value: () => T | Promise<T>): Promise<T> => {
    busy.now += 1;
    busy.most = Math.max(busy.most, busy.now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    try {
      return await value();
    } finally {
      busy.now -= 1;
    }
  };
  const measured = { batches: 0 };
  /** An evaluation as the real one asks for its turns: two batches under way at once. */
  const inBatches =
    (value: () => Evaluation): RunTrainer['evaluateNow'] =>
    async ({ turn, signal, onProgress }) => {
      const total = options.batches ?? 2;
      const batch = () =>
        turn(() =>
          exclusively(() => {
            measured.batches += 1;
            onProgress(measured.batches % total, total);
          }),
        );
      for (let done = 0; done < total; done += 2) {
        if (signal.aborted) throw new StudioError('aborted', 'Stopped.');
        await Promise.all([batch(), ...(done + 1 < total ? [batch()] : [])]);
      }
      return value();
    };
  const ground = { done: 0 };
  const groundwork: RunTrainer['groundwork'] = {
    label: 'Digging',
    run: async ({ turn, onProgress }) => {
      const total = options.groundwork ?? 0;
      while (ground.done < total) await turn(() => exclusively(() => onProgress(++ground.done, total)));
    },
  };
  const trainer: RunTrainer = {
    get groundwork() {
      const due = step === (options.groundworkAt ?? 0) && ground.done < (options.groundwork ?? 0);
      return due ? groundwork : null;
    },
    experiment,
    labelMap: [1, 0],
    startStep: step,
    totalSteps: TOTAL,
    stepsPerEpoch: PER_EPOCH,
    compile: (onProgress) =>
      exclusively(() => {
        onProgress(0, 2);
        onProgress(2, 2);
      }),
    next: () =>
      exclusively(() => {
        if (step === TOTAL) return null;
        if (step + 1 === options.failAt)
          throw new StudioError('train/non-finite-loss', 'The loss is infinite.');
        step += 1;
        clock.ms += options.stepMs ?? 1000;
        const epoch = Math.floor((step - 1) / PER_EPOCH);
        const row = {
          step,
          epoch,
          loss: 1 / step,
          classificationLoss: 1,
          supconLoss: 0,
          learningRate: 0.1,
          stepSeconds: 1,
        };
        return {
          step,
          epoch,
          endsEpoch: step % PER_EPOCH === 0,
          row: step % 2 === 0 ? row : null,
          seconds: 1,
        };
      }),
    checkpoint: () => exclusively(() => new Uint8Array([step])),
    evaluateBefore: options.evaluateBefore ?? inBatches(() => evaluation(0.9)),
    evaluateNow: inBatches(() => evaluation(step / 100)),
    grid: () => exclusively((): SampleGrid => ({ step, rows: [], labels: [] })),
    close: () => exclusively(() => undefined),
  };
  const journal = new RunJournal(
    store,
    (event) => events.push(event),
    resumed?.record ?? newRecord('r1', experiment, trainer.labelMap, TOTAL),
    resumed?.step ?? null,
    resumed?.rows,
  );
  const queue = createGpuQueue();
  const run = new RunController(trainer, journal, {
    queue,
    adapter: { name: 'fake', software: true },
    emit: (event) => events.push(event),
    now: () => clock.ms,
  });
  const reached = async (want: (progress: RunProgress) => boolean) => {
    for (let i = 0; i < 2000; i++) {
      if (events.some((event) => event.kind === 'run/progress' && want(event.progress))) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error('never came to it');
  };
  const phases = () =>
    events
      .flatMap((event) => (event.kind === 'run/progress' ? [event.progress.phase] : []))
      .filter((phase, i, all) => phase !== all[i - 1]);
  const of = <K extends WorkerEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<WorkerEvent, { kind: K }> => event.kind === kind);
  return {
    run,
    journal,
    store,
    events,
    queue,
    reached,
    phases,
    of,
    busy,
    measured,
    ground,
    steps: () => step,
  };
}
