import { tf, type WebGPUBackend } from '../../tf';
import { conv2d } from '../conv2d/kernel';
import type { ConvGeometry } from '../conv2d/geometry';
import { conv2dFilterGradient } from '../conv2dBackpropFilter/kernel';
import { poison, relativeError } from '../reference/check';
import { tiledConv2d } from '../tiled/convolve';
import { tiledFilterGradient } from '../tiled/filterGradient';
import type { FamilyTile, ShapeClass } from './choice';

/** Repetitions of one candidate take about so long, so that the wait for the queue does not hide the kernels. */
const SAMPLE_MS = 6;
const SAMPLES = 3;

/** Operands of one class's convolution: x, and weights or dy. */
export interface Operands {
  readonly x: tf.Tensor;
  readonly other: tf.Tensor;
  readonly geometry: ConvGeometry;
  readonly isFilter: boolean;
  /** As `TileChoice.unrolled`. */
  readonly unrolled: boolean;
}

/** Random operands on the device; the caller disposes them. */
export function makeOperands(name: ShapeClass, g: ConvGeometry, unrolled: boolean): Operands {
  const isFilter = name.startsWith('filter');
  const x = tf.randomUniform([g.batch, g.inHeight, g.inWidth, g.inChannels], -1, 1, 'float32', 1);
  const shape = isFilter
    ? [g.batch, g.outHeight, g.outWidth, g.outChannels]
    : [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels];
  return { x, other: tf.randomUniform(shape, -1, 1, 'float32', 2), geometry: g, isFilter, unrolled };
}

/** Runs a candidate once; the caller disposes the result's data. */
function run(backend: WebGPUBackend, { x, other, geometry, isFilter, unrolled }: Operands, tile: FamilyTile) {
  if (tile === 'register')
    return isFilter ? conv2dFilterGradient(backend, x, other, geometry) : conv2d(backend, x, other, geometry);
  const plan = { tile, staging: 'f32', unrolled } as const;
  return isFilter
    ? tiledFilterGradient(backend, x, other, geometry, plan)
    : tiledConv2d(backend, x, other, geometry, {}, plan);
}

/** Resolves when the device has done everything recorded so far. */
async function finished(backend: WebGPUBackend): Promise<void> {
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  await backend.queue.onSubmittedWorkDone();
}

/** A candidate's first run. */
export interface Trial {
  readonly values: Float32Array;
  /** Compiling, running once and reading back, ms. */
  readonly firstMs: number;
}

/**
 * Runs a candidate once and reads its result.
 * @throws Error with the message of WebGPU's validation, compilation or memory error.
 */
export async function trial(backend: WebGPUBackend, operands: Operands, tile: FamilyTile): Promise<Trial> {
  const { device } = backend;
  const { geometry: g, other } = operands;
  // A dispatch that is dropped must not leave another candidate's numbers behind.
  await poison(g.batch * g.outHeight * g.outWidth * g.outChannels, other.size);
  await finished(backend);
  const scopes: GPUErrorFilter[] = ['validation', 'internal', 'out-of-memory'];
  for (const filter of scopes) device.pushErrorScope(filter);
  const started = performance.now();
  const [outcome, errors] = [
    await readBack(run(backend, operands, tile)),
    await Promise.all(scopes.map(() => device.popErrorScope())),
  ];
  const error = errors.find((each) => each !== null);
  // What was written after an error is not a result.
  if (error) throw new Error(error.message);
  return { values: outcome, firstMs: performance.now() - started };
}

async function readBack(info: tf.TensorInfo): Promise<Float32Array> {
  const tensor = tf.engine().makeTensorFromTensorInfo(info);
  const values = Float32Array.from(await tensor.data());
  tensor.dispose();
  return values;
}

/** How far a candidate's numbers are from the register family's, relative to their norm. */
export function difference(candidate: Trial, register: Trial): number {
  return relativeError(candidate.values, register.values);
}

/** Milliseconds that one run takes when several are submitted together: the least of a few samples, compiled beforehand. */
export async function timeOf(backend: WebGPUBackend, operands: Operands, tile: FamilyTile): Promise<number> {
  const once = await sample(backend, operands, tile, 1);
  const repetitions = Math.max(1, Math.min(64, Math.round(SAMPLE_MS / Math.max(once, 0.05))));
  // A candidate that needs longer than a sample for one run is known well enough.
  if (repetitions === 1 && once > 2 * SAMPLE_MS) return once;
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < SAMPLES; i++) best = Math.min(best, await sample(backend, operands, tile, repetitions));
  return best;
}

async function sample(
  backend: WebGPUBackend,
  operands: Operands,
  tile: FamilyTile,
  repetitions: number,
): Promise<number> {
  await finished(backend);
  const started = performance.now();
  for (let i = 0; i < repetitions; i++) backend.disposeData(run(backend, operands, tile).dataId);
  await finished(backend);
  return (performance.now() - started) / repetitions;
}
