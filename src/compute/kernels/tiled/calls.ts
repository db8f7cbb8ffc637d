import type { tf } from '../../tf';
import type { ConvEpilogue } from '../conv2d/epilogue';
import type { ConvAttrs } from '../conv2d/geometry';
import { turnWeights } from '../conv2dBackpropInput/kernel';
import { columnSum } from '../columnReduce/kernel';
import type { KernelHost } from '../host';
import { shapeClass, tileChoice } from '../tuning/choice';
import { tiledConv2d, tiledInputGradient, type TiledPlan } from './convolve';
import { tiledFilterGradient } from './filterGradient';
import { tiledGeometry } from './geometry';
import { subgroupColumnSum } from './subgroupSum';
import type { Staging } from './tile';

/** Whose convolution it is: a trained network's are always float32, a frozen one's may be staged in float16. */
export type Owner = 'trained' | 'frozen';

function planFor(host: KernelHost, channels: number, half: Staging): TiledPlan | null {
  const choice = tileChoice(host);
  const tile = choice.tiles[shapeClass('convolve', channels)];
  if (tile === 'register') return null;
  return { tile, staging: choice.precision === 'f16-storage' ? half : 'f32', unrolled: choice.unrolled };
}

/** The convolution by the tile that this device's tuning chose, or null where the register family has to do it. */
export function tryTiledConv2d(
  host: KernelHost,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  attrs: ConvAttrs,
  after: ConvEpilogue,
  owner: Owner,
): tf.TensorInfo | null {
  const plan = planFor(host, filter.shape[3] ?? 0, owner === 'frozen' ? 'f16' : 'f32');
  const geometry = plan && tiledGeometry(x.shape, filter.shape, attrs);
  return geometry && tiledConv2d(host, x, filter, geometry, after, plan);
}

/** What an input gradient reads the weights from: as they are, or turned by `turnWeights` for this stride. */
export type GradientWeights =
  | { readonly filter: tf.TensorInfo }
  | { readonly turned: tf.TensorInfo; readonly filterShape: readonly number[] };

/** The gradient in the input by the tile that this device's tuning chose, or null where the register family has to do it. */
export function tryTiledInputGradient(
  host: KernelHost,
  dy: tf.TensorInfo,
  weights: GradientWeights,
  inputShape: readonly number[],
  attrs: ConvAttrs,
  after: ConvEpilogue,
): tf.TensorInfo | null {
  const frozen = 'turned' in weights;
  // dy stays float32: far below the loss it is smaller than what float16 can hold.
  const plan = planFor(host, inputShape[3] ?? 0, frozen ? 'f16-weights' : 'f32');
  const filterShape = frozen ? weights.filterShape : weights.filter.shape;
  const g = plan && tiledGeometry(inputShape, filterShape, attrs);
  if (!g || dy.shape[1] !== g.outHeight || dy.shape[2] !== g.outWidth) return null;
  if (frozen) return tiledInputGradient(host, dy, weights.turned, g, after, plan);
  const turned = turnWeights(host, weights.filter, g.stride);
  const dx = tiledInputGradient(host, dy, turned, g, after, plan);
  host.disposeData(turned.dataId);
  return dx;
}

/** The gradient in the weights by the tile that this device's tuning chose, or null where the register family has to do it. */
export function tryTiledFilterGradient(
  host: KernelHost,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  filterShape: readonly number[],
  attrs: ConvAttrs,
): tf.TensorInfo | null {
  const { tiles, subgroups, unrolled } = tileChoice(host);
  const tile = tiles[shapeClass('filter', filterShape[3] ?? 0)];
  if (tile === 'register') return null;
  const geometry = tiledGeometry(x.shape, filterShape, attrs);
  return (
    geometry &&
    tiledFilterGradient(host, x, dy, geometry, { tile, unrolled }, subgroups ? subgroupColumnSum : columnSum)
  );
}
