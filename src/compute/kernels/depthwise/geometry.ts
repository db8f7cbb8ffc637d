import { convGeometry, type ConvAttrs, type ConvGeometry } from '../conv2d/geometry';

/**
 * The geometry of a depthwise convolution, x [N,H,W,C] with w [k,k,C,1], that the own kernels cover, or null where the stock
 * kernel has to do it: one output a channel, windows of 3, 5 and 7, and otherwise as `convGeometry`.
 */
export function depthwiseGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: Omit<ConvAttrs, 'dataFormat'> & Partial<Pick<ConvAttrs, 'dataFormat'>>,
): ConvGeometry | null {
  const [height = 0, width = 0, channels = 0, multiplier] = filterShape;
  if (multiplier !== 1 || height < 3 || inputShape[3] !== channels) return null;
  return convGeometry(inputShape, [height, width, channels, channels], { dataFormat: 'NHWC', ...attrs });
}
