import type { ConvGeometry } from './geometry';

/** What one invocation computes: `pixels` along a row times `channels` (a multiple of four) of the output. */
export interface ConvTile {
  readonly pixels: 4 | 8;
  readonly channels: 4 | 8;
}

/** Wider windows are looped over: unrolled they cost pipelines that compile for long and hold too many columns. */
export const MAX_UNROLLED = 3;

/**
 * The register tile of a convolution. Few different answers, because each is a pipeline that SwiftShader compiles for
 * seconds; where a window's taps are unrolled with stride 2, never eight pixels (17 live columns took 144 s there and
 * killed the process).
 */
export function convTile(
  geometry: Pick<ConvGeometry, 'outWidth' | 'outChannels' | 'stride' | 'kernelWidth'>,
): ConvTile {
  const unrolled = geometry.kernelWidth <= MAX_UNROLLED;
  return {
    pixels: (unrolled && geometry.stride > 1) || geometry.outWidth <= 4 ? 4 : 8,
    channels: geometry.outChannels <= 4 ? 4 : 8,
  };
}
