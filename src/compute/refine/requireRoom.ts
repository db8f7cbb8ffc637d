import type { RefineSettings } from '../../protocol/experiment';
import { largestBinding, tooLarge } from '../device/largestBinding';
import { largestValue } from '../nn/largestValue';
import { unet } from '../nn/unet';

/**
 * Checks that the device can bind what the transform computes of a batch, whose normalisation ties its images together, so that it cannot
 * be computed in parts as a victim is. @param limit bytes of the largest binding.
 * @throws StudioError `experiment/too-large` naming a batch size and a number of channels that fit.
 */
export function requireRoom(
  { batchSize, firstChannels }: Pick<RefineSettings, 'batchSize' | 'firstChannels'>,
  height: number,
  width: number,
  limit = largestBinding(),
): void {
  const bytesOf = (images: number, channels: number): number =>
    images * largestValue(unet(channels, [height, width]), height, width) * Float32Array.BYTES_PER_ELEMENT;
  const bytes = bytesOf(batchSize, firstChannels);
  if (bytes <= limit) return;
  const images = largestThat(batchSize, (count) => bytesOf(count, firstChannels) <= limit);
  const channels = largestThat(firstChannels, (count) => bytesOf(batchSize, count) <= limit);
  const ways = [
    ...(images > 0 ? [`lower the batch size from ${batchSize} to ${images}`] : []),
    ...(channels > 0 ? [`lower the first channels from ${firstChannels} to ${channels}`] : []),
  ];
  throw tooLarge({
    bytes,
    limit,
    what: 'What the transform computes of a batch',
    advice: ways.join(', or ') || 'use smaller images',
    subject: 'batchSize',
  });
}

/** The largest whole number below `from` that fits; 0 for none. */
function largestThat(from: number, fits: (count: number) => boolean): number {
  let [low, high] = [0, from];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}
