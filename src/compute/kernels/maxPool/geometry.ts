/** A square window, its stride and its symmetric padding, which never wins. */
export interface PoolWindow {
  readonly size: number;
  readonly stride: number;
  readonly pad: number;
}

/** A max-pool with the sizes of its images. */
export interface PoolGeometry extends PoolWindow {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** A gradient is unrolled over its window: 25 places are compiled in no time everywhere, and six bits hold any of them. */
const LARGEST = 5;

/** The pool of x [N,H,W,C], outputs rounded down as in PyTorch; null where our kernels do not cover it. */
export function poolGeometry(shape: readonly number[], window: PoolWindow): PoolGeometry | null {
  const [batch = 0, height = 0, width = 0, channels = 0] = shape;
  const { size, stride, pad } = window;
  const whole = [size, stride, pad].every(Number.isInteger);
  // With more padding a window could lie outside the image.
  if (!whole || shape.length !== 4 || size < 1 || size > LARGEST || stride < 1) return null;
  if (pad < 0 || 2 * pad > size) return null;
  const outHeight = Math.floor((height + 2 * pad - size) / stride) + 1;
  const outWidth = Math.floor((width + 2 * pad - size) / stride) + 1;
  if (Math.min(batch, channels, outHeight, outWidth) < 1) return null;
  return { size, stride, pad, batch, height, width, channels, outHeight, outWidth };
}
