import { StudioError } from '../../protocol/errors';
import { CIFAR_IMAGE_BYTES, CIFAR_SIDE, type CifarRole, type CifarVariant } from './cifarLayout';
import type { ImageDataset } from './imageDataset';
import { memorySplit, type PixelBlock } from './memorySplit';

/** One batch as it was read. */
export interface CifarBatch extends PixelBlock {
  readonly path: string;
  readonly role: CifarRole;
}

/**
 * The data set that the batches make, training batches in their official order whatever the archive's was. Fewer
 * batches than the official five are fine; a test part alone becomes the only part.
 * @param names class names in label order, or null where no meta file was there.
 * @throws StudioError `dataset/no-images`, `dataset/bad-labels`.
 */
export function assembleCifar(
  name: string,
  format: string,
  batches: readonly CifarBatch[],
  names: readonly string[] | null,
): ImageDataset {
  const [first] = batches;
  if (first === undefined) {
    throw new StudioError('dataset/no-images', `${name} has no CIFAR batch with images.`, { subject: name });
  }
  const { variant } = first.role;
  const other = batches.find((batch) => batch.role.variant !== variant);
  if (other !== undefined) {
    const message = `${first.path} and ${other.path} belong to different data sets (${variant.title}, ${other.role.variant.title}); open one at a time.`;
    throw new StudioError('dataset/bad-labels', message, { subject: other.path });
  }
  const classNames = names ?? variant.defaultNames ?? numbers(variant);
  for (const batch of batches) checkLabels(batch, classNames.length);
  const part = (wanted: 'train' | 'test') => {
    const blocks = batches.filter((batch) => batch.role.part === wanted);
    blocks.sort((a, b) => a.role.order - b.role.order || (a.path < b.path ? -1 : 1));
    return blocks.length === 0 ? null : memorySplit(blocks, CIFAR_IMAGE_BYTES);
  };
  const [train, test] = [part('train'), part('test')];
  const only = train ?? test;
  if (only === null) throw new StudioError('dataset/no-images', `${name} has no images.`, { subject: name });
  const size = { height: CIFAR_SIDE, width: CIFAR_SIDE };
  return { name, format, classNames, ...size, train: only, test: train === null ? null : test };
}

function numbers(variant: CifarVariant): string[] {
  return Array.from({ length: variant.classes }, (_, i) => String(i));
}

function checkLabels(batch: CifarBatch, classes: number): void {
  const bad = batch.labels.findIndex((label) => label < 0 || label >= classes);
  if (bad >= 0) {
    throw new StudioError(
      'dataset/bad-labels',
      `${batch.path} gives image ${bad} the label ${batch.labels[bad]}, but there are ${classes} classes; it is not a ${batch.role.variant.title} batch.`,
      { subject: batch.path },
    );
  }
}
