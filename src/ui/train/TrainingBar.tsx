import { isLive } from '../../state/runStore';
import type { Training, TrainingState } from '../../state/training';
import { Button } from '../common/Button';
import { cx } from '../common/cx';
import { formatCount, formatDuration, formatPace } from '../common/format';
import { Icon } from '../common/Icon';
import { Progress } from '../common/Progress';
import styles from './RunBar.module.css';

/** What can be done with a training. */
interface TrainingControls {
  readonly start: () => void;
  readonly pause: () => void;
  /** After a pause. */
  readonly goOn: () => void;
  readonly step: () => void;
  readonly stop: () => void;
  /** From the last checkpoint. */
  readonly resume: () => void;
}

interface TrainingBarProps {
  readonly training: Training;
  /** What it is the bar of, for screen readers. */
  readonly label: string;
  readonly title: (phase: TrainingState['phase']) => string;
  /** What it says before the first start. */
  readonly idle: string;
  /** Why it cannot be started; null when it can. */
  readonly blocker: string | null;
  /** Why it cannot be gone on with, where that may be something else than what stops a new start. */
  readonly resumeBlocker?: string | null;
  /** On the button that starts: at first, and after one that is over; and what it does. */
  readonly words: { readonly first: string; readonly again: string; readonly what: string };
  readonly controls: TrainingControls;
  /** Begins the test ids. */
  readonly id: string;
}

/** Where a classifier's training is and what can be done with it; every control keeps its place. */
export function TrainingBar(props: TrainingBarProps) {
  const { training, label, title, id } = props;
  const phase = training.useStore((state) => state.phase);
  const { step, totalSteps } = training.useStore((state) => state.progress);
  const waiting = phase === 'preparing' || phase === 'evaluating-before' || phase === 'evaluating';
  return (
    <section className={styles.bar} aria-label={label}>
      <div className={styles.words}>
        <p
          className={cx(styles.phase, phase === 'failed' && styles.failed)}
          data-testid={`${id}-phase`}
          data-phase={phase}
        >
          {title(phase)}
        </p>
        <p
          className={cx(styles.figures, !isLive(phase) && styles.whole)}
          data-testid={`${id}-step`}
          data-step={step}
        >
          <Figures {...props} />
        </p>
      </div>
      <div className={styles.progress}>
        <Progress
          label={label}
          done={step}
          total={waiting && step === 0 ? null : totalSteps === 0 ? 1 : totalSteps}
          thick
        />
      </div>
      <Controls {...props} />
    </section>
  );
}

function Figures({ training, idle, blocker }: TrainingBarProps) {
  const phase = training.useStore((state) => state.phase);
  const progress = training.useStore((state) => state.progress);
  const error = training.useStore((state) => state.error);
  if (phase === 'idle') return blocker ?? idle;
  if (phase === 'failed' && error !== null) return error.message;
  const going = phase === 'training';
  return [
    `step ${formatCount(progress.step)} of ${formatCount(progress.totalSteps)}`,
    going ? formatPace(progress.stepsPerSecond) : '',
    going && progress.secondsLeft !== null ? `${formatDuration(Math.max(1, progress.secondsLeft))} left` : '',
    progress.note ?? '',
  ]
    .filter(Boolean)
    .join(' · ');
}

function Controls(props: TrainingBarProps) {
  const { training, blocker, words, controls, id } = props;
  const phase = training.useStore((state) => state.phase);
  const pending = training.useStore((state) => state.pending !== null);
  const live = isLive(phase);
  return (
    <div className={styles.controls}>
      {!live ? (
        <Button
          tone="primary"
          className={styles.main}
          disabled={pending || blocker !== null}
          title={blocker ?? words.what}
          onClick={controls.start}
          data-testid={`train-${id}`}
        >
          <Icon name="play" size={14} />
          {phase === 'idle' ? words.first : words.again}
        </Button>
      ) : phase === 'paused' ? (
        <Button
          tone="primary"
          className={styles.main}
          disabled={pending}
          onClick={controls.goOn}
          data-testid={`${id}-resume`}
        >
          <Icon name="play" size={14} />
          Resume
        </Button>
      ) : (
        <Button
          className={styles.main}
          disabled={pending}
          onClick={controls.pause}
          data-testid={`${id}-pause`}
        >
          <Icon name="pause" size={14} />
          Pause
        </Button>
      )}
      <StepOrResume {...props} />
      <Button
        disabled={!live || pending}
        onClick={controls.stop}
        title={
          phase === 'evaluating'
            ? 'Stop measuring; what was learned is kept'
            : 'Stop for good; what was learned is kept and measured'
        }
        data-testid={`${id}-stop`}
      >
        <Icon name="stop" size={14} />
        Stop
      </Button>
    </div>
  );
}

/** One more step while paused; a training that ended early, or lies in storage, can be gone on with. */
function StepOrResume({ training, blocker, resumeBlocker = blocker, controls, id }: TrainingBarProps) {
  const { phase, checkpoint, stored, runId, progress, pending } = training.useStore();
  const finished = (checkpoint?.step ?? progress.step) >= progress.totalSteps;
  if (!isLive(phase) && runId !== null && checkpoint !== null && (stored || !finished)) {
    return (
      <Button
        disabled={pending !== null || resumeBlocker !== null}
        title={finished ? 'Reads the finished classifier back, to use and to export' : 'Goes on from there'}
        onClick={controls.resume}
        data-testid={`${id}-resume-checkpoint`}
      >
        {finished ? 'Bring it back' : 'Go on with it'}
      </Button>
    );
  }
  return (
    <Button
      disabled={phase !== 'paused' || pending !== null}
      onClick={controls.step}
      title="One step, then paused again"
      data-testid={`${id}-single-step`}
    >
      <Icon name="stepOnce" size={14} />
      Step
    </Button>
  );
}
