import type { ImageSplit } from '../../data/dataset';
import { PURPOSE, RandomStream } from '../../data/random';
import type { StateDict } from '../../formats/models/stateDict';
import {
  CIFAR10_NORMALIZATION,
  recipeDefaults,
  type NormalizationSettings,
  type RefineSettings,
} from '../../protocol/experiment';
import { initialState } from '../nn/initialise';
import { traceNetwork } from '../nn/trace';
import { drawLabelMap } from '../refine/labelMap';
import { CLASSES, IMAGE_SIZE, transformOf, victimOf, type StepSize } from './stepCost';

/** Every benchmark's seed: the same numbers in every column. */
export const SEED = 1;

/** What one step is trained on, the same for every library. */
export interface Workload {
  readonly size: StepSize;
  readonly images: ImageSplit;
  readonly settings: RefineSettings;
  readonly labelMap: readonly number[];
  readonly normalization: NormalizationSettings;
  readonly victimState: StateDict;
  readonly transformState: StateDict;
}

/**
 * The official recipe with SGD on random pixels and random weights. Nothing is augmented.
 * @param steps that will be taken. @param labelsKept whether pseudo-labels repeat (one epoch is one batch), so that steps after
 * the first need no label pass; otherwise every step has images of its own.
 */
export function workload(size: StepSize, steps: number, labelsKept = false): Workload {
  const count = size.batch * (labelsKept ? 1 : steps);
  const { mean, std } = CIFAR10_NORMALIZATION;
  return {
    size,
    images: noise(count),
    settings: {
      ...recipeDefaults('official', SEED),
      firstChannels: size.channels,
      batchSize: size.batch,
      epochs: Math.max(1, steps),
      maxSteps: steps,
      augmentation: 'none',
    },
    labelMap: drawLabelMap({ kind: 'derangement', seed: SEED }, CLASSES, SEED),
    normalization: { mean: [...mean], std: [...std] },
    victimState: initialState(traceNetwork(victimOf(size)).tensors, SEED + 1),
    transformState: initialState(traceNetwork(transformOf(size)).tensors, SEED),
  };
}

/** A small generator is enough for pixels, and fast: a batch of 256 is 800,000 of them. */
function noise(count: number): ImageSplit {
  const bytes = IMAGE_SIZE * IMAGE_SIZE * 3;
  let state = new RandomStream(SEED, PURPOSE.sample).below(2 ** 31) | 1;
  const pixels = new Uint8Array(count * bytes);
  for (let i = 0; i < pixels.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    pixels[i] = state >>> 24;
  }
  return {
    count,
    labels: null,
    read: async (indices) => {
      const images = new Uint8Array(indices.length * bytes);
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i] ?? 0;
        images.set(pixels.subarray(index * bytes, (index + 1) * bytes), i * bytes);
      }
      return images;
    },
  };
}
