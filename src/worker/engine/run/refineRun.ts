import { sampleGrid } from '../../../compute/analysis/sampleGrid';
import { refineDefense } from '../../../compute/defenses/refineDefense';
import type { Work } from '../../../compute/device/turn';
import { decodeCheckpoint, encodeCheckpoint } from '../../../compute/refine/checkpoint';
import { drawLabelMap } from '../../../compute/refine/labelMap';
import { RefineTrainer } from '../../../compute/refine/trainer';
import { limitSplit } from '../../../data/subsets';
import type { StateDict } from '../../../formats/models/stateDict';
import { writeMetricsCsv } from '../../../formats/exports/metricsCsv';
import type { StepReport } from '../../../protocol/diagnostics';
import type { Experiment } from '../../../protocol/experiment';
import type { Defended } from '../defended';
import { evaluateDefended, evaluateOriginal } from '../evaluation';
import { originalOf, type Session } from '../session';
import { requireTransform } from '../weightsFiles';
import type { RunJournal } from './runJournal';
import type { ProgressListener, RunTrainer, TrainedStep } from './trainer';

/** Images in the grids that a run shows on its way. */
const GRID_IMAGES = 10;

/** A REFINE run ready to start, and the model it defends, which is usable from the first step on. */
export interface RefineRun {
  readonly trainer: RunTrainer;
  /** The journal is handed in later, because it has to know the prepared run's length. */
  defended(journal: RunJournal): Defended;
}

/**
 * Builds a run on the device: victim, transform, optimiser, from the start or from a checkpoint's bytes. To be called
 * inside the GPU queue. @throws StudioError as `RefineTrainer`, `drawLabelMap`, `decodeCheckpoint`, and `file/missing`
 * for start weights that are not loaded.
 */
export async function prepareRefineRun(
  session: Session,
  experiment: Experiment,
  checkpoint: Uint8Array | null,
  evaluationBatch: number,
): Promise<RefineRun> {
  const { dataset } = session.requireDataset();
  const { defense: settings, seed } = experiment;
  const initialState = checkpoint ? null : await startWeights(session, settings);
  const victim = session.victimFor(experiment.model);
  const refine = new RefineTrainer({
    victim,
    split: limitSplit(session.trainingImages(experiment), experiment.dataset.train, seed),
    height: dataset.height,
    width: dataset.width,
    settings,
    seed,
    labelMap: drawLabelMap(settings.mapping, victim.classes, seed),
    logEverySteps: experiment.evaluate.logEverySteps,
    ...(initialState ? { initialState } : {}),
    ...(checkpoint ? { resume: decodeCheckpoint(checkpoint) } : {}),
  });
  return new PreparedRefineRun(session, experiment, refine, evaluationBatch);
}

async function startWeights(
  session: Session,
  { initialWeights: path, firstChannels }: Experiment['defense'],
): Promise<StateDict | null> {
  if (path === null) return null;
  const state = await session.tensorsOf(path, 'defense.initialWeights');
  requireTransform(state, path, firstChannels);
  return state;
}

class PreparedRefineRun implements RefineRun, RunTrainer {
  readonly trainer: RunTrainer = this;
  readonly labelMap: readonly number[];
  readonly startStep: number;
  private readonly events: AsyncGenerator<TrainedStep, void>;
  private readonly view: Pick<Defended, 'defense' | 'labelMap' | 'experiment'>;

  constructor(
    private readonly session: Session,
    readonly experiment: Experiment,
    private readonly refine: RefineTrainer,
    private readonly evaluationBatch: number,
  ) {
    const { defense: settings, seed } = experiment;
    this.labelMap = drawLabelMap(settings.mapping, refine.model.victim.classes, seed);
    this.startStep = refine.step;
    const label = `REFINE, ${settings.recipe} recipe, UNet ${settings.firstChannels}`;
    const defense = refineDefense(refine.model, this.labelMap, label);
    this.view = { defense, labelMap: this.labelMap, experiment };
    this.events = this.steps();
  }

  get totalSteps(): number {
    return this.refine.totalSteps;
  }

  get stepsPerEpoch(): number {
    return this.refine.stepsPerEpoch;
  }

  compile(onProgress: ProgressListener): Promise<void> {
    return this.refine.compile(onProgress);
  }

  stepReport(): StepReport | null {
    const { planning, submits } = this.refine;
    if (planning.kind === 'pending') return null;
    return planning.kind === 'planned' ? { ...planning, submits } : planning;
  }

  async next(): Promise<TrainedStep | null> {
    const result = await this.events.next();
    return result.done ? null : result.value;
  }

  private async *steps(): AsyncGenerator<TrainedStep, void> {
    let began = performance.now();
    for await (const event of this.refine.run()) {
      if (event.kind !== 'step') continue;
      const { step, epoch, row } = event;
      const seconds = (performance.now() - began) / 1000;
      yield { step, epoch, row, seconds, endsEpoch: step % this.stepsPerEpoch === 0 };
      began = performance.now();
    }
  }

  async checkpoint(): Promise<Uint8Array> {
    return encodeCheckpoint(await this.refine.checkpoint());
  }

  evaluateBefore(work: Work) {
    return evaluateOriginal(this.session, this.experiment, { ...work, batchSize: this.evaluationBatch });
  }

  evaluateNow(work: Work) {
    return evaluateDefended(this.session, this.view, { ...work, batchSize: this.evaluationBatch });
  }

  async grid() {
    return sampleGrid({
      step: this.refine.step,
      dataset: this.session.requireDataset().dataset,
      split: this.session.displaySplit(),
      count: GRID_IMAGES,
      seed: this.experiment.seed,
      trigger: await this.session.triggerFor(this.experiment),
      original: originalOf(this.refine.model.victim),
      defense: this.view.defense,
    });
  }

  async close(): Promise<void> {
    await this.events.return(undefined);
  }

  defended(journal: RunJournal): Defended {
    const { refine, view } = this;
    return {
      ...view,
      victim: refine.model.victim,
      step: () => refine.step,
      state: () => refine.model.transform.stateDict(),
      metricsCsv: () => writeMetricsCsv(journal.metrics),
      resultsJson: () => (journal.results ? `${JSON.stringify(journal.results, null, 2)}\n` : null),
      keepBlackBox: (results) => journal.addBlackBox(results),
      dispose: () => refine.dispose(),
    };
  }
}
