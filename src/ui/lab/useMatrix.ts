import { useMemo } from 'react';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { useLabStore, useRecipe } from '../../state/labStore';
import { buildMatrix, type Matrix, type MatrixInput } from '../../state/matrix';

/** What the matrix is made of, as it is chosen now. */
export function useMatrixInput(): MatrixInput {
  const experiment = useDraftStore((state) => state.experiment);
  const attacks = useDeviceStore((state) => state.attacks);
  const kept = useLabStore((state) => state.kept);
  const choice = useLabStore((state) => state.matrix);
  const recipe = useRecipe();
  return useMemo(
    () => ({ experiment, recipe, attacks, kept, choice }),
    [experiment, recipe, attacks, kept, choice],
  );
}

/** The experiment file of the matrix with the number of its runs, or why there is none. */
export function useMatrix(): Matrix {
  const input = useMatrixInput();
  return useMemo(() => buildMatrix(input), [input]);
}
