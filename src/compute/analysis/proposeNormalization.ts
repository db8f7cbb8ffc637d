import type { ImageDataset, ImageSplit } from '../../data/dataset';
import { type ChannelOrder, swapRedAndBlue, toUnitFloats } from '../../data/pixels';
import { limitSplit } from '../../data/subsets';
import { StudioError } from '../../protocol/errors';
import { CIFAR10_NORMALIZATION } from '../../protocol/experiment';
import type { NormalizationProposal } from '../../protocol/messages';
import type { NormalizationCandidate } from '../../protocol/summaries';
import type { FrozenClassifier } from '../nn/types';
import { tf } from '../tf';

type Triple = readonly [number, number, number];

/** What is tried, on what. */
export interface ProposalOptions {
  readonly classifier: FrozenClassifier;
  readonly dataset: ImageDataset;
  /** The data set's own statistics, RGB. */
  readonly statistics: { readonly mean: Triple; readonly std: Triple };
  /** Null: both orders. */
  readonly channelOrder: ChannelOrder | null;
  /** Labelled images to try each choice on. */
  readonly sample: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

interface Choice {
  readonly id: string;
  readonly label: string;
  readonly mean: Triple;
  readonly std: Triple;
}

/** The choices people make, the most usual first: of equally good ones the first is proposed. */
function usualChoices(statistics: ProposalOptions['statistics']): Choice[] {
  return [
    { id: 'cifar10', label: 'CIFAR-10 statistics', ...CIFAR10_NORMALIZATION },
    {
      id: 'imagenet',
      label: 'ImageNet statistics',
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    },
    { id: 'half', label: 'Mean 0.5, deviation 0.5', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    { id: 'none', label: 'None: pixels from 0 to 1', mean: [0, 0, 0], std: [1, 1, 1] },
    { id: 'own', label: 'Statistics of this data set', ...statistics },
  ];
}

/**
 * Feeds the classifier a seeded, balanced, labelled sample in each usual way and says with which one it is right most
 * often. Test images are taken where they are labelled, else training images. Where there are no labels the choices are
 * returned untried and `best` is null. The trigger plays no part. No tensor is left.
 *
 * @throws StudioError `dataset/bad-labels` for labels the model has no class for, `aborted` where the signal fires.
 */
export async function proposeNormalization(options: ProposalOptions): Promise<NormalizationProposal> {
  const { dataset, statistics, channelOrder } = options;
  const orders: readonly ChannelOrder[] = channelOrder ? [channelOrder] : ['RGB', 'BGR'];
  const untried = orders.flatMap((order) =>
    usualChoices(statistics).map((choice): NormalizationCandidate => {
      // The data set's own statistics follow its channels; published ones are listed as the model's code has them.
      const turned = choice.id === 'own' && order === 'BGR';
      return {
        id: `${choice.id}-${order.toLowerCase()}`,
        label: choice.label,
        mean: turned ? reversed(choice.mean) : choice.mean,
        std: turned ? reversed(choice.std) : choice.std,
        channelOrder: order,
        accuracy: 0,
        sample: 0,
      };
    }),
  );
  const split = labelledSplit(dataset);
  if (!split) return { candidates: untried, best: null };
  return tried(untried, limitSplit(split, options.sample, options.seed), options);
}

async function tried(
  untried: readonly NormalizationCandidate[],
  sample: ImageSplit,
  options: ProposalOptions,
): Promise<NormalizationProposal> {
  checkLabels(sample, options.classifier.classes);
  const pixels = toUnitFloats(await sample.read(Uint32Array.from({ length: sample.count }, (_, i) => i)));
  const candidates: NormalizationCandidate[] = [];
  for (const candidate of untried) {
    if (options.signal?.aborted) throw new StudioError('aborted', 'Stopped.');
    const right = await countRight(normalised(pixels, candidate), sample, options);
    candidates.push({ ...candidate, accuracy: right / sample.count, sample: sample.count });
    options.onProgress?.(candidates.length, untried.length);
  }
  const highest = Math.max(...candidates.map((candidate) => candidate.accuracy));
  return { candidates, best: candidates.findIndex((candidate) => candidate.accuracy === highest) };
}

function labelledSplit(dataset: ImageDataset): ImageSplit | null {
  for (const split of [dataset.test, dataset.train]) if (split?.labels && split.count > 0) return split;
  return null;
}

function reversed([a, b, c]: Triple): Triple {
  return [c, b, a];
}

/** RGB pixels in [0,1] as this candidate's classifier takes them; a new array. */
function normalised(pixels: Float32Array, { mean, std, channelOrder }: NormalizationCandidate): Float32Array {
  const out = pixels.slice();
  if (channelOrder === 'BGR') swapRedAndBlue(out);
  for (let i = 0; i < out.length; i++) {
    out[i] = ((out[i] ?? 0) - (mean[i % 3] ?? 0)) / (std[i % 3] ?? 1);
  }
  return out;
}

async function countRight(
  input: Float32Array,
  sample: ImageSplit,
  { classifier, dataset, batchSize }: ProposalOptions,
): Promise<number> {
  const size = dataset.height * dataset.width * 3;
  let right = 0;
  for (let start = 0; start < sample.count; start += batchSize) {
    const count = Math.min(batchSize, sample.count - start);
    const classes = tf.tidy(() => {
      const x = tf.tensor4d(input.subarray(start * size, (start + count) * size), [
        count,
        dataset.height,
        dataset.width,
        3,
      ]);
      return tf.argMax<tf.Tensor1D>(classifier.forward(x).logits, 1);
    });
    const predicted = await classes.data();
    classes.dispose();
    for (let i = 0; i < count; i++) if (predicted[i] === sample.labels?.[start + i]) right++;
  }
  return right;
}

function checkLabels(split: ImageSplit, classes: number): void {
  const wrong = split.labels?.find((label) => label < 0 || label >= classes);
  if (wrong === undefined) return;
  throw new StudioError(
    'dataset/bad-labels',
    `The images carry the label ${wrong}, but the model has ${classes} classes, numbered from 0 to ${classes - 1}.`,
    { subject: 'dataset' },
  );
}
