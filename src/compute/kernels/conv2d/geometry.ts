import { tf } from '../../tf';

/** A 2-D convolution in NHWC with HWIO weights, as the kernels see it. `pad` is what lies outside the image at the top and left. */
export interface ConvGeometry {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly stride: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** The attributes that tfjs's three convolution kernels share. */
export interface ConvAttrs {
  readonly strides: [number, number] | number;
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  readonly dilations?: [number, number] | number;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Sides that the kernels are written for: each is a source of its own, unrolled along the row. */
const KERNELS: readonly number[] = [1, 3, 5, 7];

/**
 * The geometry of a convolution that the own kernels cover, or null where the stock kernel has to do it: NHWC, square kernels
 * of 1, 3, 5 and 7, equal strides of 1 or 2, no dilation.
 */
export function convGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: ConvAttrs,
): ConvGeometry | null {
  if (attrs.dataFormat === 'NCHW') return null;
  const [n, h, w, ci] = inputShape;
  const [kh, kw, ki, co] = filterShape;
  if (n === undefined || h === undefined || w === undefined || ci === undefined) return null;
  if (kh === undefined || kw === undefined || ki === undefined || co === undefined) return null;
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
  const square = kh === kw && KERNELS.includes(kh);
  const stride = info.strideHeight;
  if (!square || stride !== info.strideWidth || stride > 2) return null;
  if (info.dilationHeight !== 1 || info.dilationWidth !== 1 || ki !== ci) return null;
  if (Math.min(n, h, w, ci, co, info.outHeight, info.outWidth) < 1) return null;
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
    stride,
    padTop: info.padInfo.top,
    padLeft: info.padInfo.left,
  };
}
