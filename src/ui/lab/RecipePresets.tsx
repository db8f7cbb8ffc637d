import { useDeviceStore } from '../../state/deviceStore';
import { setRecipe, useRecipe } from '../../state/labStore';
import { RECIPES, recipeFor, recipeOf } from '../../state/recipes';
import { PresetCards } from '../fields/PresetCards';

/** Recipes that set everything but the architecture and the attacker of Eq. 10. */
export function RecipePresets() {
  const recipe = useRecipe();
  const architectures = useDeviceStore((state) => state.architectures);
  const known = architectures.find(({ id }) => id === recipe.architecture) ?? architectures[0];
  return (
    <PresetCards
      name="recipe"
      legend="Recipe"
      presets={RECIPES}
      current={recipeOf(recipe, architectures)}
      disabled={known === undefined}
      onChoose={(name) => known && setRecipe(recipeFor(name, known, recipe.adaptive))}
    />
  );
}
