import type { ConvGeometry } from '../conv2d/geometry';
import { invocations, TILES, workgroupBytes, type TileName } from '../tiled/tile';
import type { ShapeClass } from './choice';

/** What stands for a class of shapes when tiles are timed: a 3x3 convolution of a few milliseconds on a small GPU. */
const SHAPES: Readonly<Record<string, readonly [batch: number, side: number, channels: number]>> = {
  wide: [64, 16, 128],
  middle: [64, 32, 32],
  narrow: [64, 32, 16],
};

/** Tiles worth trying for each class: none whose width a class cannot fill. */
const CANDIDATES: Readonly<Record<string, readonly TileName[]>> = {
  wide: ['wide', 'tall', 'large'],
  middle: ['small', 'wide', 'narrow'],
  narrow: ['narrow', 'small'],
};

const widthOf = (name: ShapeClass): string => name.slice(name.indexOf('/') + 1);

/** The convolution that is timed for a class; `batch` replaces the usual one. */
export function representative(name: ShapeClass, batch?: number): ConvGeometry {
  const [images, side, channels] = SHAPES[widthOf(name)] ?? [1, 8, 8];
  return {
    batch: batch ?? images,
    inHeight: side,
    inWidth: side,
    inChannels: channels,
    outHeight: side,
    outWidth: side,
    outChannels: channels,
    kernelHeight: 3,
    kernelWidth: 3,
    stride: 1,
    padTop: 1,
    padLeft: 1,
  };
}

/** Tiles to try for a class that the device's limits allow. */
export function candidates(name: ShapeClass, limits: GPUSupportedLimits): readonly TileName[] {
  return (CANDIDATES[widthOf(name)] ?? []).filter((tile) => {
    const size = TILES[tile];
    return (
      invocations(size) <= limits.maxComputeInvocationsPerWorkgroup &&
      workgroupBytes(size) <= limits.maxComputeWorkgroupStorageSize
    );
  });
}
