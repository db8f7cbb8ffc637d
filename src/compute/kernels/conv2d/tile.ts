import type { ConvGeometry } from './geometry';

/** What one invocation computes: `pixels` along a row times `channels` (a multiple of four) of the output. */
export interface ConvTile {
  readonly pixels: 4 | 8;
  readonly channels: 4 | 8;
}

/**
 * The register tile of a convolution. Few different answers, because each is a pipeline that SwiftShader compiles for
 * seconds; with stride 2 never eight pixels (17 live columns took 144 s there and killed the process).
 */
export function convTile(geometry: Pick<ConvGeometry, 'outWidth' | 'outChannels' | 'stride'>): ConvTile {
  return {
    pixels: geometry.stride > 1 || geometry.outWidth <= 4 ? 4 : 8,
    channels: geometry.outChannels <= 4 ? 4 : 8,
  };
}
