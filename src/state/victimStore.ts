import { create } from 'zustand';
import type { WireError } from '../protocol/errors';
import type { Experiment } from '../protocol/experiment';
import type { RunProgress, StoredRun } from '../protocol/messages';
import type { Evaluation, RunResults } from '../protocol/results';
import { isLive, type RunPhase } from './runStore';
import { MetricSeries } from './series';

interface VictimState {
  readonly runId: string | null;
  readonly phase: Exclude<RunPhase, 'restored'>;
  readonly experiment: Experiment | null;
  readonly progress: Omit<RunProgress, 'runId' | 'phase'>;
  /** The newest measurement of the classifier. */
  readonly evaluation: Evaluation | null;
  readonly results: RunResults | null;
  /** The last one written; of a stored run only that there is one is known, not its step. */
  readonly checkpoint: { readonly step: number | null } | null;
  /** Read back from storage: the classifier is not in the engine until it is resumed. */
  readonly stored: boolean;
  readonly error: WireError | null;
  /** A request that has not been answered yet. */
  readonly pending: 'start' | 'pause' | 'resume' | 'step' | 'stop' | 'adopt' | null;
}

const EMPTY: VictimState = {
  runId: null,
  phase: 'idle',
  experiment: null,
  progress: { step: 0, totalSteps: 0, epoch: 0, stepsPerSecond: 0, secondsLeft: null, note: null },
  evaluation: null,
  results: null,
  checkpoint: null,
  stored: false,
  error: null,
  pending: null,
};

/** The classifier that is made in the lab, or the last one that was. Its curve is in `victimSeries`. */
export const useVictimStore = create<VictimState>()(() => EMPTY);

/** The loss of the classifier's training. */
export const victimSeries = new MetricSeries();

export function clearVictim(): void {
  victimSeries.clear();
  useVictimStore.setState(EMPTY, true);
}

/** A training has been asked for, from the start or from a checkpoint. */
export function victimAsked(experiment: Experiment, resumed: boolean): void {
  if (!resumed) clearVictim();
  useVictimStore.setState({ experiment, phase: 'preparing', pending: 'start', error: null, results: null });
}

export function victimProgressed({ runId, phase, ...progress }: RunProgress): void {
  useVictimStore.setState({ runId, phase, progress, stored: false });
}

/** A stored training takes the place of the one in the lab. */
export function showStoredVictim(run: StoredRun): void {
  clearVictim();
  victimSeries.append(run.metrics);
  useVictimStore.setState({
    stored: true,
    runId: run.id,
    phase: run.status === 'running' || run.status === 'paused' ? 'stopped' : run.status,
    experiment: run.experiment,
    progress: {
      ...EMPTY.progress,
      step: run.step,
      totalSteps: run.totalSteps,
      epoch: run.metrics.at(-1)?.epoch ?? 0,
    },
    evaluation: run.after ?? run.history.at(-1)?.evaluation ?? null,
    results: run.results,
    checkpoint: run.hasCheckpoint ? { step: null } : null,
  });
}

/** True where the engine holds the classifier, whole: it can be used and exported. */
export function hasVictim({
  phase,
  stored,
  progress,
}: Pick<VictimState, 'phase' | 'stored' | 'progress'>): boolean {
  return !stored && progress.step > 0 && !isLive(phase);
}
