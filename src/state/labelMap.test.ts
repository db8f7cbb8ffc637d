import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { useDraftStore } from './draftStore';
import { assignLabel, fixedPoints, identityMap, isPermutation, swapLabels } from './labelMap';
import { chooseLabel, setDrawnMap, swapClasses, useMapStore } from './mapStore';

const sorted = (map: readonly number[]) => [...map].sort((a, b) => a - b);
/** Indices on and off the map, and ones that are no indices at all. */
const index = fc.oneof(fc.integer({ min: -2, max: 50 }), fc.constantFrom(0.5, Number.NaN));

beforeEach(() => {
  useMapStore.setState(useMapStore.getInitialState());
  useDraftStore.setState(useDraftStore.getInitialState());
});

describe('label map', () => {
  it('stays a permutation whatever is swapped and chosen', () => {
    const edits = fc.array(fc.tuple(fc.boolean(), index, index), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 43 }), edits, (classes, list) => {
        let map = identityMap(classes);
        for (const [swap, a, b] of list) map = swap ? swapLabels(map, a, b) : assignLabel(map, a, b);
        expect(sorted(map)).toEqual(identityMap(classes));
      }),
    );
  });

  it('gives a class the label chosen for it', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), (at, label) => {
        expect(assignLabel([5, 7, 0, 9, 3, 4, 8, 1, 6, 2], at, label)[at]).toBe(label);
      }),
    );
  });

  it('knows permutations and fixed points', () => {
    expect(isPermutation([1, 0, 2])).toBe(true);
    expect(isPermutation([1, 1, 2])).toBe(false);
    expect(isPermutation([1, 2, 3])).toBe(false);
    expect(isPermutation([0.5, 0])).toBe(false);
    expect(fixedPoints([0, 2, 1, 3])).toEqual([0, 3]);
    expect(fixedPoints([5, 7, 0, 9, 3, 4, 8, 1, 6, 2])).toEqual([]);
  });
});

describe('the map of the page', () => {
  it('does not take a map that is no permutation', () => {
    setDrawnMap([1, 0, 2]);
    setDrawnMap([1, 1, 2]);
    expect(useMapStore.getState().map).toEqual([1, 0, 2]);
  });

  it('writes a change into the experiment as an explicit map', () => {
    setDrawnMap([1, 2, 0]);
    swapClasses(0, 1);
    expect(useMapStore.getState().map).toEqual([2, 1, 0]);
    chooseLabel(0, 0);
    expect(useMapStore.getState().map).toEqual([0, 1, 2]);
    expect(useDraftStore.getState().experiment.defense.mapping).toEqual({
      kind: 'explicit',
      permutation: [0, 1, 2],
    });
  });

  it('changes nothing before there is a map', () => {
    swapClasses(0, 1);
    expect(useMapStore.getState().map).toBeNull();
    expect(useDraftStore.getState().experiment.defense.mapping.kind).toBe('derangement');
  });
});
