import { useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { setRecipe, setRecipeField, useRecipe } from '../../state/labStore';
import { recipeFor, recipeOf } from '../../state/recipes';
import { Card } from '../common/Card';
import { formatCount } from '../common/format';
import { OPTIMIZER_DEFAULTS, SCHEDULE_DEFAULTS } from '../train/fields';
import { KindField, OPTIMIZERS, SCHEDULES } from '../train/KindField';
import { SettingsField } from '../train/SettingsField';
import fieldStyles from '../train/SettingsView.module.css';
import { RecipeField } from './RecipeField';
import {
  ADAPTIVE,
  LENGTH,
  OF_THE_EXPERIMENT,
  optimizerSpecs,
  scheduleSpecs,
  START,
  WIDTH,
} from './recipeFields';
import styles from './Victim.module.css';

/** The victim's recipe, field by field. */
export function RecipeForm() {
  const recipe = useRecipe();
  const { optimizer, schedule } = recipe;
  return (
    <div className={styles.groups}>
      <Card title="Classifier">
        <Architecture />
        <RecipeField spec={WIDTH} />
        <RecipeField spec={START} />
        {LENGTH.map((spec) => (
          <RecipeField key={spec.path} spec={spec} />
        ))}
        <Steps />
      </Card>
      <Card title="Optimiser">
        <KindField
          label="Kind"
          value={optimizer.kind}
          options={OPTIMIZERS}
          onChange={(kind) =>
            setRecipeField('optimizer', {
              ...OPTIMIZER_DEFAULTS[kind],
              learningRate: optimizer.learningRate,
            })
          }
        />
        {optimizerSpecs(optimizer.kind).map((spec) => (
          <RecipeField key={spec.path} spec={spec} />
        ))}
      </Card>
      <Card title="Schedule">
        <KindField
          label="Kind"
          value={schedule.kind}
          options={SCHEDULES}
          onChange={(kind) => setRecipeField('schedule', SCHEDULE_DEFAULTS[kind])}
        />
        {scheduleSpecs(schedule.kind).map((spec) => (
          <RecipeField key={`${schedule.kind} ${spec.path}`} spec={spec} />
        ))}
      </Card>
      <Card title="Images and measuring" note="of the whole experiment">
        {OF_THE_EXPERIMENT.map((spec) => (
          <SettingsField key={spec.path} spec={spec} />
        ))}
      </Card>
      <Adaptive />
    </div>
  );
}

function Architecture() {
  const recipe = useRecipe();
  const architectures = useDeviceStore((state) => state.architectures);
  const known = architectures.some(({ id }) => id === recipe.architecture);
  const choose = (id: string) => {
    const next = architectures.find((candidate) => candidate.id === id);
    if (!next) return;
    const preset = recipeOf(recipe, architectures);
    if (preset === null) setRecipeField('architecture', id);
    else setRecipe(recipeFor(preset, next, recipe.adaptive));
  };
  return (
    <label className={styles.stacked}>
      <span>Architecture</span>
      <select
        className={fieldStyles.select}
        value={recipe.architecture}
        onChange={(event) => choose(event.target.value)}
        data-testid="victim-architecture"
      >
        {!known && <option value={recipe.architecture}>{recipe.architecture}</option>}
        {architectures.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** How many steps these settings come to, for the images that are loaded. */
function Steps() {
  const { batchSize, epochs, maxSteps } = useRecipe();
  const limit = useDraftStore((state) => state.experiment.dataset.train);
  const count = useDatasetStore((state) => state.summary?.trainCount ?? null);
  if (count === null) return null;
  const images = Math.min(count, limit ?? count);
  const perEpoch = Math.floor(images / batchSize);
  const steps = Math.min(perEpoch * epochs, maxSteps ?? Number.POSITIVE_INFINITY);
  return (
    <p className={fieldStyles.steps}>
      <b>{formatCount(steps)}</b> steps: {formatCount(perEpoch)} an epoch of {formatCount(images)} images.
    </p>
  );
}

/** The attacker who knows of the defence. */
function Adaptive() {
  const { adaptive } = useRecipe();
  return (
    <Card title="Adaptive attacker" note="Eq. 10">
      <label className={styles.switch}>
        <span className={fieldStyles.label}>
          Trained against REFINE
          <small>
            The loss also holds γ times REFINE’s own, with a transform and a map of the attacker’s.
          </small>
        </span>
        <input
          type="checkbox"
          checked={adaptive !== null}
          onChange={(event) =>
            setRecipeField(
              'adaptive',
              event.target.checked ? { gamma: 1, firstChannels: 16, transformLearningRate: 0.01 } : null,
            )
          }
          data-testid="adaptive"
        />
      </label>
      {adaptive !== null && ADAPTIVE.map((spec) => <RecipeField key={spec.path} spec={spec} />)}
    </Card>
  );
}
