/** The map that is no remapping: class j stands for label j. */
export function identityMap(classes: number): number[] {
  return Array.from({ length: classes }, (_, index) => index);
}

/** True when every label 0..K-1 is used exactly once. */
export function isPermutation(map: readonly number[]): boolean {
  const seen = new Set(map);
  return (
    seen.size === map.length &&
    map.every((label) => Number.isInteger(label) && label >= 0 && label < map.length)
  );
}

/** The map with the labels of two classes exchanged: a permutation stays one. Classes outside the map change nothing. */
export function swapLabels(map: readonly number[], a: number, b: number): number[] {
  const first = map[a];
  const second = map[b];
  if (first === undefined || second === undefined) return [...map];
  return map.map((label, index) => (index === a ? second : index === b ? first : label));
}

/** The map in which class `index` stands for `label`; the class that had the label takes the old one in exchange. */
export function assignLabel(map: readonly number[], index: number, label: number): number[] {
  const holder = map.indexOf(label);
  return holder < 0 ? [...map] : swapLabels(map, index, holder);
}

/** The classes that stand for their own label: where remapping takes nothing from a backdoor. */
export function fixedPoints(map: readonly number[]): number[] {
  return map.flatMap((label, index) => (label === index ? [index] : []));
}
