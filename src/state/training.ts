import { create, type StoreApi, type UseBoundStore } from 'zustand';
import type { WireError } from '../protocol/errors';
import type { Experiment } from '../protocol/experiment';
import type { RunProgress, StoredRun } from '../protocol/messages';
import type { Evaluation, EvaluationPoint, MetricsRow, RunResults } from '../protocol/results';
import { isLive, type RunPhase } from './runStore';
import { MetricSeries } from './series';

/** A classifier's training on the page: a victim's in the lab, or a surrogate's. */
export interface TrainingState {
  readonly runId: string | null;
  readonly phase: Exclude<RunPhase, 'restored'>;
  readonly experiment: Experiment | null;
  readonly progress: Omit<RunProgress, 'runId' | 'phase'>;
  /** Of what is imitated, where something is. */
  readonly before: Evaluation | null;
  /** Every measurement of the classifier, the last one included. */
  readonly history: readonly EvaluationPoint[];
  /** The newest of them. */
  readonly evaluation: Evaluation | null;
  readonly results: RunResults | null;
  /** The last one written; of a stored run only that there is one is known, not its step. */
  readonly checkpoint: { readonly step: number | null } | null;
  /** Not in the engine, or not any more, until it is resumed. */
  readonly stored: boolean;
  readonly error: WireError | null;
  /** A request that has not been answered yet. */
  readonly pending: 'start' | 'pause' | 'resume' | 'step' | 'stop' | 'adopt' | null;
}

/** The training that a store keeps, or the last one that was, and what becomes of it. */
export interface Training {
  readonly useStore: UseBoundStore<StoreApi<TrainingState>>;
  /** Its loss. */
  readonly series: MetricSeries;
  readonly clear: () => void;
  /** It has been asked for, from the start or from a checkpoint. */
  readonly asked: (experiment: Experiment, resumed: boolean) => void;
  /** It could not be started. The one before is back; where there was none, this one has failed. */
  readonly refused: (error: WireError) => void;
  readonly progressed: (progress: RunProgress) => void;
  readonly evaluated: (point: EvaluationPoint, when: 'before' | 'during' | 'after') => void;
  /** A stored training takes its place. */
  readonly showStored: (run: StoredRun) => void;
  /** The engine holds another classifier now: this one has to be read back to be used. */
  readonly setAside: () => void;
}

const EMPTY: TrainingState = {
  runId: null,
  phase: 'idle',
  experiment: null,
  progress: { step: 0, totalSteps: 0, epoch: 0, stepsPerSecond: 0, secondsLeft: null, note: null },
  before: null,
  history: [],
  evaluation: null,
  results: null,
  checkpoint: null,
  stored: false,
  error: null,
  pending: null,
};

/** A store of its own for one training, with its curve. */
export function createTraining(): Training {
  const useStore = create<TrainingState>()(() => EMPTY);
  const series = new MetricSeries();
  let former: { readonly state: TrainingState; readonly rows: readonly MetricsRow[] } | null = null;
  const clear = () => {
    series.clear();
    useStore.setState(EMPTY, true);
  };
  return {
    useStore,
    series,
    clear,
    asked(experiment, resumed) {
      const state = useStore.getState();
      former = state.runId === null ? null : { state, rows: series.rows() };
      if (!resumed) clear();
      useStore.setState({ experiment, phase: 'preparing', pending: 'start', error: null, results: null });
    },
    refused(error) {
      if (former === null) {
        useStore.setState({ phase: 'failed', error, pending: null });
        return;
      }
      series.clear();
      series.append(former.rows);
      useStore.setState({ ...former.state, pending: null }, true);
    },
    progressed({ runId, phase, ...progress }) {
      useStore.setState({ runId, phase, progress, stored: false });
    },
    evaluated(point, when) {
      useStore.setState(({ history }) =>
        when === 'before'
          ? { before: point.evaluation }
          : {
              evaluation: point.evaluation,
              history: [...history.filter(({ step }) => step < point.step), point],
            },
      );
    },
    showStored(run) {
      clear();
      series.append(run.metrics);
      useStore.setState(storedState(run));
    },
    setAside() {
      useStore.setState(({ runId }) => ({ stored: runId !== null }));
    },
  };
}

function storedState(run: StoredRun): Partial<TrainingState> {
  const epoch = run.metrics.at(-1)?.epoch ?? 0;
  const last = run.history.at(-1);
  const final =
    run.after === null || last?.step === run.step ? [] : [{ step: run.step, epoch, evaluation: run.after }];
  return {
    stored: true,
    runId: run.id,
    phase: run.status === 'running' || run.status === 'paused' ? 'stopped' : run.status,
    experiment: run.experiment,
    progress: { ...EMPTY.progress, step: run.step, totalSteps: run.totalSteps, epoch },
    before: run.before,
    history: [...run.history, ...final],
    evaluation: run.after ?? last?.evaluation ?? null,
    results: run.results,
    checkpoint: run.hasCheckpoint ? { step: null } : null,
  };
}

/** True where the engine holds the classifier, whole: it can be used and exported. */
export function isInEngine({
  phase,
  stored,
  progress,
}: Pick<TrainingState, 'phase' | 'stored' | 'progress'>): boolean {
  return !stored && progress.step > 0 && !isLive(phase);
}
