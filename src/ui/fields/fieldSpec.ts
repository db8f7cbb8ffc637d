/** How one field is edited. */
export type FieldSpec = {
  /** Where in the experiment, or in the part of it that a form is about. */
  readonly path: string;
  readonly label: string;
  readonly help?: string;
} & (
  | { readonly kind: 'number'; readonly unit?: string; readonly emptyMeans?: string }
  | {
      readonly kind: 'choice';
      readonly options: readonly { readonly value: string | number; readonly label: string }[];
    }
  | { readonly kind: 'switch' }
  /** A file of weights. */
  | { readonly kind: 'weights'; readonly use: 'transform' | 'classifier' }
  | { readonly kind: 'numbers' }
);

/** Fields that belong together. */
export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly FieldSpec[];
}

/** A field of a part of the experiment as one of the whole: `under('defense')` of "epochs" is "defense.epochs". */
export function under(part: string): (spec: FieldSpec) => FieldSpec {
  return (spec) => ({ ...spec, path: `${part}.${spec.path}` });
}
