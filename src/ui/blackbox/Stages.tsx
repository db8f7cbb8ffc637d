import { useSurrogateLoaded } from '../../state/blackBoxStore';
import { isLive, useRunStore } from '../../state/runStore';
import { useSurrogateStore } from '../../state/surrogateStore';
import { cx } from '../common/cx';
import { formatCount, formatPercent } from '../common/format';
import { Icon } from '../common/Icon';
import styles from './Stages.module.css';

type Status = 'to come' | 'going' | 'done';

interface Stage {
  readonly name: string;
  readonly status: Status;
  readonly line: string;
}

/** The stages of Appendix E, all in sight: the distillation, REFINE on its surrogate, the black box behind the transform. */
export function Stages() {
  const stages = [useDistilStage(), useRefineStage(), useMeasureStage()];
  return (
    <ol className={styles.stages} aria-label="Stages">
      {stages.map(({ name, status, line }, index) => (
        <li
          key={name}
          className={cx(styles.stage, status === 'done' && styles.done, status === 'going' && styles.going)}
        >
          <span className={styles.mark} aria-hidden="true">
            {status === 'done' ? <Icon name="check" size={12} /> : index + 1}
          </span>
          <span>
            <b>{name}</b> <span className="sr-only">{status}</span>
            <small data-testid={`stage-${index + 1}`}>{line}</small>
          </span>
        </li>
      ))}
    </ol>
  );
}

function useDistilStage(): Stage {
  const phase = useSurrogateStore((state) => state.phase);
  const { step, totalSteps } = useSurrogateStore((state) => state.progress);
  const agreement = useSurrogateStore((state) => state.evaluation?.agreementWithOriginal?.rate);
  const loaded = useSurrogateLoaded();
  const name = 'Distil a surrogate';
  const steps = `step ${formatCount(step)} of ${formatCount(totalSteps)}`;
  if (isLive(phase)) return { name, status: 'going', line: steps };
  const agrees = agreement === undefined ? '' : `, agrees on ${formatPercent(agreement)}`;
  if (loaded)
    return {
      name,
      status: 'done',
      line: step === 0 ? 'it is the model' : `${formatCount(step)} steps${agrees}`,
    };
  return { name, status: 'to come', line: step === 0 ? 'on the model page' : `${steps}${agrees}` };
}

function useRefineStage(): Stage {
  const phase = useRunStore((state) => state.phase);
  const { step, totalSteps } = useRunStore((state) => state.progress);
  const name = 'Train REFINE on it';
  const line = `step ${formatCount(step)} of ${formatCount(totalSteps)}`;
  if (isLive(phase)) return { name, status: 'going', line: step === 0 ? 'getting ready' : line };
  if (phase === 'restored') return { name, status: 'done', line: 'from an exported bundle' };
  if (phase === 'done') return { name, status: 'done', line: `${formatCount(step)} steps` };
  return { name, status: step > 0 ? 'done' : 'to come', line: step > 0 ? line : 'then here' };
}

function useMeasureStage(): Stage {
  const measured = useRunStore((state) => state.blackBox !== null);
  return {
    name: 'Measure the black box',
    status: measured ? 'done' : 'to come',
    line: measured ? 'all four pairs are measured' : 'as it is and behind the transform',
  };
}
