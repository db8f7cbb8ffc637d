import { create } from 'zustand';
import type { WireError } from '../protocol/errors';
import type { Experiment } from '../protocol/experiment';
import type { RunProgress, StoredRun } from '../protocol/messages';
import type { BlackBoxResults, Evaluation, EvaluationPoint, RunResults } from '../protocol/results';
import { runSeries } from './series';

export type RunPhase = RunProgress['phase'] | 'idle' | 'restored';

interface RunState {
  readonly runId: string | null;
  readonly phase: RunPhase;
  /** What this run was started with. */
  readonly experiment: Experiment | null;
  readonly progress: Omit<RunProgress, 'runId' | 'phase'>;
  readonly before: Evaluation | null;
  readonly history: readonly EvaluationPoint[];
  readonly after: Evaluation | null;
  readonly results: RunResults | null;
  /** Of a run on a black box's surrogate, once the black box was measured too. */
  readonly blackBox: BlackBoxResults | null;
  readonly labelMap: readonly number[] | null;
  /** The last one written; of a stored run only that there is one is known, not its step. */
  readonly checkpoint: { readonly step: number | null; readonly at: string } | null;
  /** Read back from storage: its transform is not in the engine until it is resumed. */
  readonly stored: boolean;
  readonly error: WireError | null;
  /** A request that has not been answered yet. */
  readonly pending: 'start' | 'pause' | 'resume' | 'step' | 'stop' | 'checkpoint' | 'before' | 'after' | null;
}

const STILL: RunState['progress'] = {
  step: 0,
  totalSteps: 0,
  epoch: 0,
  stepsPerSecond: 0,
  secondsLeft: null,
  note: null,
};

const EMPTY: RunState = {
  runId: null,
  phase: 'idle',
  experiment: null,
  progress: STILL,
  before: null,
  history: [],
  after: null,
  results: null,
  blackBox: null,
  labelMap: null,
  checkpoint: null,
  stored: false,
  error: null,
  pending: null,
};

/** The run on the page: live, or a stored one looked at again. Its curves are in `runSeries`. */
export const useRunStore = create<RunState>()(() => EMPTY);

/** Forgets the run; keeps `before`, which belongs to the model and the data. */
export function clearRun(keep: Partial<Pick<RunState, 'before'>> = {}): void {
  runSeries.clear();
  useRunStore.setState({ ...EMPTY, ...keep });
}

/** True while the worker is busy with the run: it can be stopped. */
export function isLive(phase: RunPhase): boolean {
  switch (phase) {
    case 'preparing':
    case 'evaluating-before':
    case 'training':
    case 'paused':
    case 'evaluating':
      return true;
    case 'idle':
    case 'restored':
    case 'done':
    case 'stopped':
    case 'failed':
      return false;
  }
}

/** The run says where it is. */
export function runProgressed({ runId, phase, ...progress }: RunProgress): void {
  useRunStore.setState({ runId, phase, progress, stored: false });
}

/** An evaluation came in; one at a step that is known already takes its place. */
export function runEvaluated(point: EvaluationPoint, when: 'before' | 'during' | 'after'): void {
  useRunStore.setState((state) => {
    if (when === 'before') return { before: point.evaluation };
    const history = [...state.history.filter((other) => other.step < point.step), point];
    return when === 'after' ? { history, after: point.evaluation } : { history };
  });
}

/** A stored run takes the place of the one on the page. */
export function showStoredRun(run: StoredRun): void {
  runSeries.clear();
  runSeries.append(run.metrics);
  const last = run.metrics.at(-1);
  const phase = run.status === 'running' || run.status === 'paused' ? 'stopped' : run.status;
  useRunStore.setState({
    ...EMPTY,
    stored: true,
    runId: run.id,
    phase,
    experiment: run.experiment,
    progress: { ...STILL, step: run.step, totalSteps: run.totalSteps, epoch: last?.epoch ?? 0 },
    before: run.before,
    history: withFinal(run),
    after: run.after,
    results: run.results,
    blackBox: run.results?.blackBox ?? null,
    labelMap: run.labelMap,
    checkpoint: run.hasCheckpoint ? { step: null, at: run.updatedAt } : null,
  });
}

/** The measurements with the final one at their end, where the run kept it apart. */
function withFinal({ history, after, step, metrics }: StoredRun): readonly EvaluationPoint[] {
  if (after === null || history.at(-1)?.step === step) return history;
  return [...history, { step, epoch: metrics.at(-1)?.epoch ?? 0, evaluation: after }];
}

/** True while the engine holds a transform that can be looked at and exported. */
export function hasTransform({
  phase,
  stored,
  progress,
}: Pick<RunState, 'phase' | 'stored' | 'progress'>): boolean {
  return phase === 'restored' || (!stored && progress.step > 0);
}

/** The newest measurement of the defended model: the final one, else the last during training. */
export function latestEvaluation(state: Pick<RunState, 'after' | 'history'>): Evaluation | null {
  return state.after ?? state.history.at(-1)?.evaluation ?? null;
}
