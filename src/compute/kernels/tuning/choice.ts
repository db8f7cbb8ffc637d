import { allowDirectives } from '../tiled/directives';
import type { TileName } from '../tiled/tile';

/** The register family (no barriers, for software adapters), or a tile of the family with workgroup memory. */
export type FamilyTile = 'register' | TileName;

/** Convolutions that share a tile: those of one task and about as many result channels. Strided input gradients go with `convolve`. */
export const SHAPE_CLASSES = [
  'convolve/wide',
  'filter/wide',
  'convolve/middle',
  'filter/middle',
  'convolve/narrow',
  'filter/narrow',
] as const;
export type ShapeClass = (typeof SHAPE_CLASSES)[number];

/** Which kernels a device's convolutions run. */
export interface TileChoice {
  readonly tiles: Readonly<Record<ShapeClass, FamilyTile>>;
  /**
   * `f16-storage`: the frozen classifier's weights, and going forward its activations, are staged in workgroup memory as
   * float16 by the tiled family (sums stay float32). Results change; needs the `shader-f16` feature.
   */
  readonly precision: 'f32' | 'f16-storage';
  /** Partial sums of filter gradients are added with subgroup operations: another order of summing. Needs `subgroups`. */
  readonly subgroups: boolean;
  /** Whether drivers may unroll the tiled family's inner loop: for GPUs; software adapters compile it three times as long. */
  readonly unrolled: boolean;
}

/** The same tile for every class. */
export function uniformChoice(
  tile: FamilyTile,
  options: Partial<Omit<TileChoice, 'tiles'>> = {},
): TileChoice {
  const tiles = Object.fromEntries(SHAPE_CLASSES.map((name) => [name, tile])) as Record<
    ShapeClass,
    FamilyTile
  >;
  return { tiles, precision: 'f32', subgroups: false, unrolled: false, ...options };
}

const REGISTER = uniformChoice('register');

const choices = new WeakMap<object, TileChoice>();

/** What this device's convolutions run; the register family where nobody has chosen. */
export function tileChoice(backend: object): TileChoice {
  return choices.get(backend) ?? REGISTER;
}

/**
 * Chooses for one device, from the next dispatch on. Features that the device was not opened with are left off, so that a
 * choice can be carried between adapters; returns what holds now.
 */
export function setTileChoice(backend: { readonly device: GPUDevice }, choice: TileChoice): TileChoice {
  const { features } = backend.device;
  const precision = features.has('shader-f16') ? choice.precision : 'f32';
  const subgroups = choice.subgroups && features.has('subgroups');
  if (precision !== 'f32' || subgroups) allowDirectives(backend.device);
  const held = { ...choice, precision, subgroups };
  choices.set(backend, held);
  return held;
}

/** The class of a convolution whose result has so many channels. */
export function shapeClass(task: 'convolve' | 'filter', channels: number): ShapeClass {
  return `${task}/${channels <= 16 ? 'narrow' : channels <= 48 ? 'middle' : 'wide'}`;
}
