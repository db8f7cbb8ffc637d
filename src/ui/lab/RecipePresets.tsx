import { useDeviceStore } from '../../state/deviceStore';
import { setRecipe, useRecipe } from '../../state/labStore';
import { RECIPES, recipeFor, recipeOf } from '../../state/recipes';
import { cx } from '../common/cx';
import styles from './Victim.module.css';

/** Recipes that set everything but the architecture and the attacker of Eq. 10. */
export function RecipePresets() {
  const recipe = useRecipe();
  const architectures = useDeviceStore((state) => state.architectures);
  const current = recipeOf(recipe, architectures);
  const known = architectures.find(({ id }) => id === recipe.architecture) ?? architectures[0];
  return (
    <fieldset className={styles.presets}>
      <legend className="sr-only">Recipe</legend>
      {RECIPES.map(({ name, label, description }) => (
        <label key={name} className={cx(styles.preset, name === current && styles.chosen)}>
          <input
            type="radio"
            name="recipe"
            checked={name === current}
            disabled={known === undefined}
            onChange={() => known && setRecipe(recipeFor(name, known, recipe.adaptive))}
            data-testid={`recipe-${name}`}
          />
          <span>
            <b>{label}</b>
            <small>{description}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
