import { useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { setRecipe, setRecipeField, useRecipe } from '../../state/labStore';
import { recipeFor, recipeOf } from '../../state/recipes';
import { Card } from '../common/Card';
import { ArchitectureField } from '../fields/ArchitectureField';
import fieldStyles from '../fields/Fields.module.css';
import { StepCount } from '../fields/StepCount';
import { TrainingCards } from '../fields/TrainingCards';
import { FieldGroups } from '../fields/TrainingColumns';
import { SettingsField } from '../train/SettingsField';
import { RecipeField } from './RecipeField';
import { ADAPTIVE, LENGTH, OF_THE_EXPERIMENT, START, WIDTH } from './recipeFields';
import styles from './Victim.module.css';

/** The victim's recipe, field by field. */
export function RecipeForm() {
  const recipe = useRecipe();
  const count = useDatasetStore((state) => state.summary?.trainCount ?? null);
  return (
    <FieldGroups>
      <Card title="Classifier">
        <Architecture />
        <RecipeField spec={WIDTH} />
        <RecipeField spec={START} />
        {LENGTH.map((spec) => (
          <RecipeField key={spec.path} spec={spec} />
        ))}
        <StepCount {...recipe} count={count} />
      </Card>
      <TrainingCards
        {...recipe}
        onOptimizer={(optimizer) => setRecipeField('optimizer', optimizer)}
        onSchedule={(schedule) => setRecipeField('schedule', schedule)}
        field={(spec) => <RecipeField key={spec.path} spec={spec} />}
      />
      <Card title="Images and measuring" note="of the whole experiment">
        {OF_THE_EXPERIMENT.map((spec) => (
          <SettingsField key={spec.path} spec={spec} />
        ))}
      </Card>
      <Adaptive />
    </FieldGroups>
  );
}

/** A recipe that is a preset's stays it: another architecture has another one of that name. */
function Architecture() {
  const recipe = useRecipe();
  const architectures = useDeviceStore((state) => state.architectures);
  return (
    <ArchitectureField
      chosen={recipe.architecture}
      testId="victim-architecture"
      onChoose={(next) => {
        const preset = recipeOf(recipe, architectures);
        if (preset === null) setRecipeField('architecture', next.id);
        else setRecipe(recipeFor(preset, next, recipe.adaptive));
      }}
    />
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
