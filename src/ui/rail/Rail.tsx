import { useAnalysisStore } from '../../state/analysisStore';
import { useSurrogateLoaded } from '../../state/blackBoxStore';
import { useClassNames } from '../../state/classNames';
import { useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { useMapStore } from '../../state/mapStore';
import { useModelStore } from '../../state/modelStore';
import { hasTransform, latestEvaluation, useRunStore } from '../../state/runStore';
import { useRunsStore } from '../../state/runsStore';
import { useSurrogateStore } from '../../state/surrogateStore';
import { useSweepStore } from '../../state/sweepStore';
import { useVictimStore } from '../../state/victimStore';
import { goTo, STEPS, type StepName, useViewStore } from '../../state/viewStore';
import { cx } from '../common/cx';
import { Icon } from '../common/Icon';
import styles from './Rail.module.css';
import { type StepState, stepStates } from './stepStates';

const NAMES: Readonly<Record<StepName, string>> = {
  model: 'Model',
  images: 'Images',
  lab: 'Attack lab',
  trigger: 'Trigger',
  remap: 'Remap',
  train: 'Train',
  inspect: 'Inspect',
  compare: 'Compare',
  export: 'Export',
};

const SAID: Readonly<Record<StepState['status'], string>> = {
  empty: 'not yet',
  busy: 'in progress',
  done: 'ready',
  problem: 'needs attention',
  optional: '',
};

/** The way through the studio: nine steps, each saying its own state. */
export function Rail() {
  const states = useStepStates();
  const current = useViewStore((state) => state.step);
  return (
    <nav className={styles.rail} aria-label="Steps">
      <ol className={styles.list}>
        {STEPS.map((step, index) => {
          const { status, line } = states[step];
          return (
            <li key={step}>
              <button
                type="button"
                className={cx(styles.step, styles[status], current === step && styles.current)}
                aria-current={current === step ? 'step' : undefined}
                onClick={() => goTo(step)}
                data-testid={`step-${step}`}
              >
                <span className={styles.mark} aria-hidden="true">
                  {status === 'done' ? (
                    <Icon name="check" size={13} />
                  ) : status === 'problem' ? (
                    '!'
                  ) : (
                    index + 1
                  )}
                </span>
                <span className={styles.name}>{NAMES[step]}</span>
                <span className={styles.line} title={line}>
                  <span className="sr-only">{SAID[status]} </span>
                  {line}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

function useStepStates(): Record<StepName, StepState> {
  const model = useModelStore((state) => state.summary);
  const modelLoading = useModelStore((state) => state.loading);
  const dataset = useDatasetStore((state) => state.summary);
  const datasetLoading = useDatasetStore((state) => state.loading);
  const experiment = useDraftStore((state) => state.experiment);
  const invalidFields = useDraftStore((state) => Object.keys(state.invalid).length);
  const attacks = useDeviceStore((state) => state.attacks);
  const map = useMapStore((state) => state.map);
  const phase = useRunStore((state) => state.phase);
  const step = useRunStore((state) => state.progress.step);
  const exportable = useRunStore(hasTransform);
  const totalSteps = useRunStore((state) => state.progress.totalSteps);
  const measured = useRunStore((state) => latestEvaluation(state)?.attackSuccessRate?.rate ?? null);
  const grids = useAnalysisStore((state) => state.gridSteps.length);
  const hasTsne = useAnalysisStore((state) => state.tsne !== null);
  const runs = useRunsStore((state) => state.runs.length);
  const victim = useVictimStore((state) => state.phase);
  const victimProgress = useVictimStore((state) => state.progress);
  const sweep = useSweepStore((state) => state.progress);
  const surrogatePhase = useSurrogateStore((state) => state.phase);
  const { step: distilled, totalSteps: toDistil } = useSurrogateStore((state) => state.progress);
  const surrogateLoaded = useSurrogateLoaded();
  const classNames = useClassNames();
  return stepStates({
    model,
    modelLoading,
    dataset,
    datasetLoading,
    experiment,
    invalidFields,
    attacks,
    classNames,
    map,
    phase,
    step,
    exportable,
    totalSteps,
    measured,
    hasTsne,
    grids,
    runs,
    victim,
    victimProgress,
    sweep,
    surrogate: { phase: surrogatePhase, step: distilled, totalSteps: toDistil, loaded: surrogateLoaded },
  });
}
