import { resetField, setField, useDraftStore } from '../../state/draftStore';
import { readPath } from '../../state/paths';
import { Field } from '../fields/Field';
import type { FieldSpec } from '../fields/fieldSpec';

/** One field of the experiment being edited. */
export function SettingsField({ spec }: { readonly spec: FieldSpec }) {
  const { path } = spec;
  const value = useDraftStore((state) => readPath(state.experiment, path));
  const invalid = useDraftStore((state) => state.invalid[path]);
  return (
    <Field
      spec={spec}
      binding={{
        name: path,
        value,
        invalid,
        set: (chosen, text) => setField(path, chosen, text),
        reset: () => resetField(path),
      }}
    />
  );
}
