import { streamWords, type Augmentation } from '../../../data/augment';
import type { KernelCase } from '../../bench/kernelCase';
import { seededBytes } from '../reference/seededBytes';
import { DeviceBatches } from './deviceBatches';

const SIDE = 32;

/** A batch from its bytes to the floats a network takes: upload and augmentation, against both on the CPU. */
export function augmentCases(batch: number): readonly KernelCase[] {
  const values = batch * SIDE * SIDE * 3;
  const indices = Array.from({ length: batch }, (_, i) => i);
  const images = { bytes: seededBytes(values, 1), streams: streamWords(indices, 0) };
  return (['none', 'official'] as const).map((augmentation: Augmentation) => ({
    kernel: `augment, ${augmentation}, with upload`,
    shape: `batch ${batch}, ${SIDE}x${SIDE}, 3 channels`,
    flops: 0,
    bytes: values + 4 * values,
    setUp: () => {
      const batches = new DeviceBatches({ count: batch, height: SIDE, width: SIDE }, augmentation, 1);
      return { run: () => batches.upload(images), dispose: () => batches.dispose() };
    },
  }));
}
