import { resetRecipeField, setRecipeField, useLabStore, useRecipe } from '../../state/labStore';
import { readPath } from '../../state/paths';
import { Field } from '../fields/Field';
import type { FieldSpec } from '../fields/fieldSpec';

/** One field of the victim's recipe; its path is that within `model.train`. */
export function RecipeField({ spec }: { readonly spec: FieldSpec }) {
  const { path } = spec;
  const value = readPath(useRecipe(), path);
  const invalid = useLabStore((state) => state.invalid[path]);
  return (
    <Field
      spec={spec}
      binding={{
        name: `model.train.${path}`,
        value,
        invalid,
        set: (chosen, text) => setRecipeField(path, chosen, text),
        reset: () => resetRecipeField(path),
      }}
    />
  );
}
