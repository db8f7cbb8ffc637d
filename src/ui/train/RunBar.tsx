import type { Evaluation } from '../../protocol/results';
import { isLive, latestEvaluation, type RunPhase, useRunStore } from '../../state/runStore';
import { useResumeBlocker, useStartBlocker } from '../../state/readiness';
import { useDraftStore } from '../../state/draftStore';
import { useViewStore } from '../../state/viewStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { cx } from '../common/cx';
import { formatCount, formatDuration, formatPace, formatPercent, formatPoints } from '../common/format';
import { Icon } from '../common/Icon';
import { Progress } from '../common/Progress';
import { Segmented } from '../common/Segmented';
import { phaseTitle } from './phases';
import styles from './RunBar.module.css';

/** Where the run is and what can be done with it. Every control keeps its place in every phase. */
export function RunBar() {
  const phase = useRunStore((state) => state.phase);
  const step = useRunStore((state) => state.progress.step);
  const totalSteps = useRunStore((state) => state.progress.totalSteps);
  const trainView = useViewStore((state) => state.trainView);
  const waiting = phase === 'preparing' || phase === 'evaluating-before' || phase === 'evaluating';
  return (
    <section className={styles.bar} aria-label="The run">
      <div className={styles.words}>
        <p
          className={cx(styles.phase, phase === 'failed' && styles.failed)}
          data-testid="run-phase"
          data-phase={phase}
        >
          {phaseTitle(phase)}
        </p>
        <Figures phase={phase} />
      </div>
      <div className={styles.progress}>
        <Progress
          label="Training"
          done={step}
          total={waiting && step === 0 ? null : totalSteps === 0 ? 1 : totalSteps}
          thick
        />
      </div>
      <Controls phase={phase} />
      <Segmented
        label="View of the run"
        value={trainView}
        options={[
          { value: 'dashboard', label: 'Dashboard' },
          { value: 'settings', label: 'Settings' },
        ]}
        onChange={(value) => useViewStore.setState({ trainView: value })}
      />
    </section>
  );
}

function Figures({ phase }: { readonly phase: RunPhase }) {
  const progress = useRunStore((state) => state.progress);
  const error = useRunStore((state) => state.error);
  const before = useRunStore((state) => state.before);
  const now = useRunStore(latestEvaluation);
  const maxSteps = useDraftStore((state) => state.experiment.defense.maxSteps);
  const epochs = useDraftStore((state) => state.experiment.defense.epochs);
  const blocker = useStartBlocker();
  if (phase === 'idle') {
    const length = maxSteps === null ? `${formatCount(epochs)} epochs` : `${formatCount(maxSteps)} steps`;
    return (
      <p className={styles.figures} data-testid="progress-step">
        {blocker ?? `${length}, as the settings have it`}
      </p>
    );
  }
  if (phase === 'failed' && error !== null) return <p className={styles.figures}>{error.message}</p>;
  const outcome = phase === 'done' || phase === 'stopped' ? describeOutcome(before, now) : '';
  const parts = [
    `step ${formatCount(progress.step)} of ${formatCount(progress.totalSteps)}`,
    phase === 'training' ? formatPace(progress.stepsPerSecond) : '',
    phase === 'training' && progress.secondsLeft !== null
      ? `${formatDuration(Math.max(1, progress.secondsLeft))} left`
      : '',
    outcome,
    progress.note ?? '',
  ];
  return (
    <p className={styles.figures} data-testid="progress-step" data-step={progress.step}>
      {phase === 'restored' ? 'from an exported bundle' : parts.filter(Boolean).join(' · ')}
    </p>
  );
}

/** The run's result in a line: what became of the attack and what the defence cost. */
function describeOutcome(before: Evaluation | null, now: Evaluation | null): string {
  const attack = [before?.attackSuccessRate?.rate, now?.attackSuccessRate?.rate] as const;
  const accuracy = [before?.benignAccuracy?.rate, now?.benignAccuracy?.rate] as const;
  return [
    attack[0] === undefined || attack[1] === undefined
      ? ''
      : `attack ${formatPercent(attack[0])} → ${formatPercent(attack[1])}`,
    accuracy[0] === undefined || accuracy[1] === undefined
      ? ''
      : `accuracy ${formatPoints(accuracy[1] - accuracy[0])}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function Controls({ phase }: { readonly phase: RunPhase }) {
  const commands = useCommands();
  const pending = useRunStore((state) => state.pending !== null);
  const runId = useRunStore((state) => state.runId);
  const checkpoint = useRunStore((state) => state.checkpoint);
  const reached = useRunStore((state) => state.progress.step);
  const totalSteps = useRunStore((state) => state.progress.totalSteps);
  const blocker = useStartBlocker();
  const resumeBlocker = useResumeBlocker();
  const live = isLive(phase);
  const paused = phase === 'paused';
  const stored = useRunStore((state) => state.stored);
  const finished = (checkpoint?.step ?? reached) >= totalSteps;
  const resumable = !live && runId !== null && checkpoint !== null && (stored || !finished);
  return (
    <div className={styles.controls}>
      {live ? (
        paused ? (
          <Button
            tone="primary"
            className={styles.main}
            disabled={pending}
            onClick={() => void commands.resume()}
            data-testid="resume"
          >
            <Icon name="play" size={14} />
            Resume
          </Button>
        ) : (
          <Button
            className={styles.main}
            disabled={pending}
            onClick={() => void commands.pause()}
            data-testid="pause"
          >
            <Icon name="pause" size={14} />
            Pause
          </Button>
        )
      ) : (
        <Button
          tone="primary"
          className={styles.main}
          disabled={pending || blocker !== null}
          title={blocker ?? 'A new run with the settings as they are'}
          onClick={() => void commands.start()}
          data-testid="start"
        >
          <Icon name="play" size={14} />
          {phase === 'idle' ? 'Start' : 'Start new'}
        </Button>
      )}
      {resumable ? (
        <Button
          disabled={pending || resumeBlocker !== null}
          title={
            finished ? 'Reads the finished transform back, to look at and to export' : 'Goes on from there'
          }
          onClick={() => void commands.resumeFrom(runId)}
          data-testid="resume-checkpoint"
        >
          {finished
            ? 'Bring it back'
            : `Resume from ${checkpoint.step === null ? 'checkpoint' : formatCount(checkpoint.step)}`}
        </Button>
      ) : (
        <Button
          disabled={!paused || pending}
          onClick={() => void commands.step()}
          title="One step, then paused again"
          data-testid="step"
        >
          <Icon name="stepOnce" size={14} />
          Step
        </Button>
      )}
      <Button
        disabled={!live || pending}
        onClick={() => void commands.stop()}
        title={
          phase === 'evaluating'
            ? 'Stop measuring; what was learned is kept'
            : 'Stop for good; what was learned is kept and measured'
        }
        data-testid="stop"
      >
        <Icon name="stop" size={14} />
        Stop
      </Button>
      <Button
        disabled={!(paused || phase === 'training') || pending}
        onClick={() => void commands.checkpoint()}
        aria-label="Write a checkpoint"
        title="Write a checkpoint now"
        data-testid="checkpoint"
      >
        <Icon name="save" size={14} />
      </Button>
    </div>
  );
}
