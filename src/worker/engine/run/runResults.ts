import type { Evaluation, RunResults } from '../../../protocol/results';
import type { RunSurroundings } from './runController';
import type { RunJournal } from './runJournal';
import type { RunTrainer } from './trainer';

/** What a run that ends after `step` steps came to. @param after the last evaluation; null where none was made. */
export function runResults(
  step: number,
  trainer: Pick<RunTrainer, 'experiment' | 'stepsPerEpoch' | 'labelMap'>,
  journal: Pick<RunJournal, 'trainingSeconds' | 'before' | 'history'>,
  adapter: RunSurroundings['adapter'],
  after: Evaluation | null,
): RunResults {
  return {
    name: trainer.experiment.name,
    adapter: adapter.name,
    softwareAdapter: adapter.software,
    steps: step,
    epochs: step / trainer.stepsPerEpoch,
    secondsPerStep: step === 0 ? 0 : journal.trainingSeconds / step,
    trainingSeconds: journal.trainingSeconds,
    labelMap: [...trainer.labelMap],
    before: journal.before,
    after,
    history: journal.history,
  };
}
