import { tf } from '../../tf';
import type { ConvAttrs, ConvGeometry } from '../conv2d/geometry';

/**
 * The geometry of a convolution that this family covers, or null: NHWC, any window, one stride for both directions, no
 * dilation.
 */
export function tiledGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: ConvAttrs,
): ConvGeometry | null {
  const [n = 0, h = 0, w = 0, ci = 0] = inputShape;
  const [kh = 0, kw = 0, ki = 0, co = 0] = filterShape;
  if (attrs.dataFormat === 'NCHW' || ki !== ci || Math.min(n, h, w, ci, kh, kw, co) < 1) return null;
  const info = tf.backend_util.computeConv2DInfo(
    [n, h, w, ci],
    [kh, kw, ki, co],
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    false,
    'channelsLast',
  );
  if (info.strideHeight !== info.strideWidth || info.dilationHeight !== 1 || info.dilationWidth !== 1)
    return null;
  if (Math.min(info.outHeight, info.outWidth) < 1) return null;
  return {
    batch: n,
    inHeight: h,
    inWidth: w,
    inChannels: ci,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: co,
    kernelHeight: kh,
    kernelWidth: kw,
    stride: info.strideHeight,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}
