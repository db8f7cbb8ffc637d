import { useMemo } from 'react';
import { useDatasetStore } from './datasetStore';
import { useModelStore } from './modelStore';

/** The names of K classes: the data set's where it has exactly K, numbered otherwise. */
export function classNamesFor(classes: number, names: readonly string[] | null): readonly string[] {
  return names?.length === classes ? names : Array.from({ length: classes }, (_, index) => `class ${index}`);
}

/** How many classes the run has: the model's, or the data set's while there is no model; null with neither. */
export function classCount(model: number | null | undefined, names: readonly string[] | null): number | null {
  return model ?? names?.length ?? null;
}

/** The class names of what is loaded now; empty with nothing loaded. */
export function useClassNames(): readonly string[] {
  const classes = useModelStore((state) => state.summary?.classes);
  const names = useDatasetStore((state) => state.summary?.classNames ?? null);
  return useMemo(() => classNamesFor(classCount(classes, names) ?? 0, names), [classes, names]);
}
