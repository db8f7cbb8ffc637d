import { largestBinding, tooLarge } from '../device/largestBinding';
import { largestValue } from '../nn/largestValue';
import type { BoundNetwork } from '../nn/network';

/**
 * Checks that the device can bind what a classifier in training computes of a batch. @param limit bytes of the largest binding.
 * @throws StudioError `experiment/too-large` naming a batch size that fits.
 */
export function requireTrainable(
  bound: BoundNetwork,
  batchSize: number,
  height: number,
  width: number,
  limit = largestBinding(),
): void {
  const perImage = largestValue(bound, height, width) * Float32Array.BYTES_PER_ELEMENT;
  const bytes = batchSize * perImage;
  if (bytes <= limit) return;
  const fitting = Math.floor(limit / perImage);
  const advice =
    fitting > 0 ? `lower the batch size from ${batchSize} to ${fitting}` : 'use a narrower network';
  throw tooLarge({
    bytes,
    limit,
    what: 'What the classifier computes of a batch',
    advice,
    subject: 'batchSize',
  });
}
