import type { Experiment } from '../../protocol/experiment';
import { notifyError } from '../../state/noticeStore';
import type { Training } from '../../state/training';
import { wireError } from './studio';

/** A classifier's training that is asked for. */
interface TrainingRequest {
  readonly training: Training;
  /** The engine holds one such classifier: this training's is set aside once the new one runs. */
  readonly other: Training;
  readonly experiment: Experiment;
  /** From a checkpoint, not from the start. */
  readonly resumed: boolean;
  /** Asks the worker for it. */
  readonly ask: () => Promise<{ readonly runId: string; readonly totalSteps: number }>;
}

/** Starts a training and has the page follow it; one that is refused is told of, and what was there before is back. */
export async function beginTraining(request: TrainingRequest): Promise<void> {
  const { training, other, experiment, resumed, ask } = request;
  training.asked(experiment, resumed);
  try {
    const { runId, totalSteps } = await ask();
    other.setAside();
    training.useStore.setState(({ progress }) => ({
      runId,
      pending: null,
      stored: false,
      progress: { ...progress, totalSteps },
    }));
  } catch (thrown) {
    const error = wireError(thrown);
    training.refused(error);
    notifyError(error);
  }
}
