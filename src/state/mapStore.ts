import { create } from 'zustand';
import { setField } from './draftStore';
import { assignLabel, isPermutation, swapLabels } from './labelMap';
import { IDLE, type Loading } from './loading';

interface MapState {
  /** The map that the draft's settings give for the classes loaded now; null until it has been drawn. */
  readonly map: readonly number[] | null;
  readonly loading: Loading;
}

/** The label map on the page. Every way to change it keeps it a permutation. */
export const useMapStore = create<MapState>()(() => ({ map: null, loading: IDLE }));

/** A map as the engine drew it from the settings. What is not a permutation is not taken. */
export function setDrawnMap(map: readonly number[]): void {
  if (isPermutation(map)) useMapStore.setState({ map, loading: IDLE });
}

/** Exchanges the labels of two classes; the settings become an explicit map. */
export function swapClasses(a: number, b: number): void {
  edit((map) => swapLabels(map, a, b));
}

/** Gives class `index` the label, exchanging with the class that has it; the settings become an explicit map. */
export function chooseLabel(index: number, label: number): void {
  edit((map) => assignLabel(map, index, label));
}

function edit(change: (map: readonly number[]) => number[]): void {
  const { map } = useMapStore.getState();
  if (map === null) return;
  const next = change(map);
  useMapStore.setState({ map: next });
  setField('defense.mapping', { kind: 'explicit', permutation: next });
}
