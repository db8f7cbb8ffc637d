import { useVictimBlocker, useVictimResumeBlocker } from '../../state/labReadiness';
import { isLive } from '../../state/runStore';
import { useVictimStore } from '../../state/victimStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { cx } from '../common/cx';
import { formatCount, formatDuration, formatPace } from '../common/format';
import { Icon } from '../common/Icon';
import { Progress } from '../common/Progress';
import styles from '../train/RunBar.module.css';
import { useDraftStore } from '../../state/draftStore';
import { useDeviceStore } from '../../state/deviceStore';
import { victimTitle } from './victimWords';

/** Where the classifier's training is and what can be done with it; every control keeps its place. */
export function VictimBar() {
  const phase = useVictimStore((state) => state.phase);
  const { step, totalSteps } = useVictimStore((state) => state.progress);
  const waiting = phase === 'preparing' || phase === 'evaluating';
  return (
    <section className={styles.bar} aria-label="The classifier’s training">
      <div className={styles.words}>
        <p
          className={cx(styles.phase, phase === 'failed' && styles.failed)}
          data-testid="victim-phase"
          data-phase={phase}
        >
          {victimTitle(phase)}
        </p>
        <p className={styles.figures} data-testid="victim-step" data-step={step}>
          <Figures />
        </p>
      </div>
      <div className={styles.progress}>
        <Progress
          label="Training the classifier"
          done={step}
          total={waiting && step === 0 ? null : totalSteps === 0 ? 1 : totalSteps}
          thick
        />
      </div>
      <Controls />
    </section>
  );
}

function Figures() {
  const phase = useVictimStore((state) => state.phase);
  const progress = useVictimStore((state) => state.progress);
  const error = useVictimStore((state) => state.error);
  const blocker = useVictimBlocker();
  const attack = useDraftStore((state) => state.experiment.attack);
  const label = useDeviceStore(
    (state) => state.attacks.find(({ kind }) => kind === attack?.kind)?.label ?? attack?.kind,
  );
  if (phase === 'idle') {
    return blocker ?? (attack ? `poisoned by ${label ?? ''}` : 'no attack chosen: it will be benign');
  }
  if (phase === 'failed' && error !== null) return error.message;
  const training = phase === 'training';
  return [
    `step ${formatCount(progress.step)} of ${formatCount(progress.totalSteps)}`,
    training ? formatPace(progress.stepsPerSecond) : '',
    training && progress.secondsLeft !== null
      ? `${formatDuration(Math.max(1, progress.secondsLeft))} left`
      : '',
    progress.note ?? '',
  ]
    .filter(Boolean)
    .join(' · ');
}

function Controls() {
  const commands = useCommands();
  const phase = useVictimStore((state) => state.phase);
  const pending = useVictimStore((state) => state.pending !== null);
  const blocker = useVictimBlocker();
  const live = isLive(phase);
  const paused = phase === 'paused';
  return (
    <div className={styles.controls}>
      {!live ? (
        <Button
          tone="primary"
          className={styles.main}
          disabled={pending || blocker !== null}
          title={blocker ?? 'A new classifier with the recipe as it is'}
          onClick={() => void commands.trainVictim()}
          data-testid="train-victim"
        >
          <Icon name="play" size={14} />
          {phase === 'idle' ? 'Train' : 'Train new'}
        </Button>
      ) : paused ? (
        <Button
          tone="primary"
          className={styles.main}
          disabled={pending}
          onClick={() => void commands.goOnVictim()}
          data-testid="victim-resume"
        >
          <Icon name="play" size={14} />
          Resume
        </Button>
      ) : (
        <Button
          className={styles.main}
          disabled={pending}
          onClick={() => void commands.pauseVictim()}
          data-testid="victim-pause"
        >
          <Icon name="pause" size={14} />
          Pause
        </Button>
      )}
      <StepOrResume />
      <Button
        disabled={!live || pending}
        onClick={() => void commands.stopVictim()}
        title={
          phase === 'evaluating'
            ? 'Stop measuring; what was learned is kept'
            : 'Stop for good; what was learned is kept and measured'
        }
        data-testid="victim-stop"
      >
        <Icon name="stop" size={14} />
        Stop
      </Button>
    </div>
  );
}

/** One more step while paused; a training that ended early, or lies in storage, can be gone on with. */
function StepOrResume() {
  const { stepVictim, resumeVictim } = useCommands();
  const { phase, checkpoint, stored, runId, progress, pending } = useVictimStore();
  const blocker = useVictimResumeBlocker();
  const finished = (checkpoint?.step ?? progress.step) >= progress.totalSteps;
  if (!isLive(phase) && runId !== null && checkpoint !== null && (stored || !finished)) {
    return (
      <Button
        disabled={pending !== null || blocker !== null}
        title={finished ? 'Reads the finished classifier back, to use and to export' : 'Goes on from there'}
        onClick={() => void resumeVictim()}
        data-testid="victim-resume-checkpoint"
      >
        {finished ? 'Bring it back' : 'Go on with it'}
      </Button>
    );
  }
  return (
    <Button
      disabled={phase !== 'paused' || pending !== null}
      onClick={() => void stepVictim()}
      title="One step, then paused again"
      data-testid="victim-single-step"
    >
      <Icon name="stepOnce" size={14} />
      Step
    </Button>
  );
}
