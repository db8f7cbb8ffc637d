import { StudioError } from '../protocol/errors';
import type { ImageDataset, ImageSplit } from './dataset';
import { PURPOSE, RandomStream } from './random';

/** Indices of the images that `keep` wants, ascending. `label` is null where the split has none. */
export function selectIndices(
  split: ImageSplit,
  keep: (label: number | null, index: number) => boolean,
): Uint32Array {
  const chosen: number[] = [];
  for (let i = 0; i < split.count; i++) if (keep(split.labels?.[i] ?? null, i)) chosen.push(i);
  return Uint32Array.from(chosen);
}

/** The split that consists of the images at `indices`, in that order; pixels still come from `split`. */
export function subsetSplit(split: ImageSplit, indices: Uint32Array): ImageSplit {
  const { labels } = split;
  return {
    count: indices.length,
    labels: labels === null ? null : Int32Array.from(indices, (index) => labels[index] ?? -1),
    ...(split.resident === undefined ? {} : { resident: split.resident }),
    read: (wanted) =>
      split.read(
        Uint32Array.from({ length: wanted.length }, (_, i) => indices[wanted[i] ?? -1] ?? split.count),
      ),
  };
}

/**
 * `limit` images of the split, for an experiment's `dataset.train` and `dataset.test` (null: all of them).
 * Labelled images are drawn class by class in proportion to how many each class has (largest remainder, ties to the lower
 * class), so 500 of CIFAR-10 are 50 of each; unlabelled ones are drawn from the whole. Which images of a class depends
 * on `seed` alone; they keep their order. A limit that reaches the split's count gives the split itself.
 * @throws StudioError `experiment/invalid` for a limit that is not a positive whole number.
 */
export function limitSplit(split: ImageSplit, limit: number | null, seed: number): ImageSplit {
  if (limit === null || limit >= split.count) return split;
  if (!Number.isInteger(limit) || limit < 1) {
    throw new StudioError(
      'experiment/invalid',
      `A limit on images must be a whole number of at least 1, not ${limit}.`,
      {
        subject: 'dataset',
      },
    );
  }
  const classes = new Map<number, number[]>();
  for (let i = 0; i < split.count; i++) {
    const label = split.labels?.[i] ?? 0;
    const members = classes.get(label);
    if (members === undefined) classes.set(label, [i]);
    else members.push(i);
  }
  const ordered = [...classes].sort(([a], [b]) => a - b);
  const quotas = shares(
    ordered.map(([, members]) => members.length),
    limit,
  );
  const chosen = ordered.flatMap(([label, members], k) =>
    new RandomStream(seed, PURPOSE.sample, label).shuffle(members).slice(0, quotas[k]),
  );
  return subsetSplit(split, Uint32Array.from(chosen).sort());
}

/** Whole shares of `total`, proportional to `weights`, that sum to `total` (largest remainder). */
function shares(weights: readonly number[], total: number): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const whole = weights.map((weight) => Math.floor((weight * total) / sum));
  const left = total - whole.reduce((a, b) => a + b, 0);
  const remainders = weights.map((weight, k) => ({ k, remainder: (weight * total) % sum }));
  remainders.sort((a, b) => b.remainder - a.remainder || a.k - b.k);
  for (const { k } of remainders.slice(0, left)) whole[k] = (whole[k] ?? 0) + 1;
  return whole;
}

/**
 * The data set with another one's images as its test part (an experiment's `dataset.testPath`): that one's test part,
 * or its only part.
 * @throws StudioError `dataset/mixed-sizes`, `dataset/bad-labels` where the two do not fit together.
 */
export function withTestPart(dataset: ImageDataset, other: ImageDataset): ImageDataset {
  if (other.height !== dataset.height || other.width !== dataset.width) {
    throw new StudioError(
      'dataset/mixed-sizes',
      `The images of ${other.name} are ${other.width}x${other.height} pixels and those of ${dataset.name} are ${dataset.width}x${dataset.height}.`,
      { subject: other.name },
    );
  }
  const names = dataset.classNames.length === 0 ? other.classNames : dataset.classNames;
  if (other.classNames.length > 0 && other.classNames.join('\n') !== names.join('\n')) {
    throw new StudioError(
      'dataset/bad-labels',
      `The classes of ${other.name} are not those of ${dataset.name}.`,
      {
        subject: other.name,
      },
    );
  }
  return { ...dataset, classNames: names, test: other.test ?? other.train };
}
