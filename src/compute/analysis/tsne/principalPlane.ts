import type { RandomStream } from '../../../data/random';

const POWER_ITERATIONS = 60;
/** Standard deviation of the first coordinate: small, so that the first steps of t-SNE are not dominated by the start. */
const START_SPREAD = 1e-4;

/**
 * The points projected on their two largest principal components (power iteration with deflation), scaled so that the first has a
 * standard deviation of 1e-4. Where a component has no variance, tiny seeded noise stands in for it.
 *
 * @param features row-major [points, dimensions]. @returns x0, y0, x1, y1, ...
 */
export function principalPlane(
  features: Float32Array,
  points: number,
  dimensions: number,
  random: RandomStream,
): Float32Array<ArrayBuffer> {
  const mean = new Float64Array(dimensions);
  for (let i = 0; i < points; i++) {
    for (let d = 0; d < dimensions; d++)
      mean[d] = (mean[d] ?? 0) + (features[i * dimensions + d] ?? 0) / points;
  }
  const axes: Float64Array[] = [];
  const projections: Float64Array[] = [];
  for (let component = 0; component < 2; component++) {
    let axis = Float64Array.from({ length: dimensions }, () => random.normal());
    orthonormalise(axis, axes);
    for (let step = 0; step < POWER_ITERATIONS; step++) {
      const projection = project(features, mean, axis, points, dimensions);
      axis = backProject(features, mean, projection, points, dimensions);
      orthonormalise(axis, axes);
    }
    axes.push(axis);
    projections.push(project(features, mean, axis, points, dimensions));
  }
  const spread = deviation(projections[0] ?? new Float64Array(points));
  const scale = spread > 1e-12 ? START_SPREAD / spread : 0;
  const start = new Float32Array(points * 2);
  for (let i = 0; i < points; i++) {
    for (let component = 0; component < 2; component++) {
      start[i * 2 + component] =
        scale * (projections[component]?.[i] ?? 0) + 1e-2 * START_SPREAD * random.normal();
    }
  }
  return start;
}

function project(
  features: Float32Array,
  mean: Float64Array,
  axis: Float64Array,
  points: number,
  dimensions: number,
): Float64Array<ArrayBuffer> {
  const result = new Float64Array(points);
  for (let i = 0; i < points; i++) {
    let sum = 0;
    for (let d = 0; d < dimensions; d++) {
      sum += ((features[i * dimensions + d] ?? 0) - (mean[d] ?? 0)) * (axis[d] ?? 0);
    }
    result[i] = sum;
  }
  return result;
}

function backProject(
  features: Float32Array,
  mean: Float64Array,
  weights: Float64Array,
  points: number,
  dimensions: number,
): Float64Array<ArrayBuffer> {
  const result = new Float64Array(dimensions);
  for (let i = 0; i < points; i++) {
    const weight = weights[i] ?? 0;
    for (let d = 0; d < dimensions; d++) {
      result[d] = (result[d] ?? 0) + weight * ((features[i * dimensions + d] ?? 0) - (mean[d] ?? 0));
    }
  }
  return result;
}

function orthonormalise(axis: Float64Array, against: readonly Float64Array[]): void {
  for (const other of against) {
    let dot = 0;
    for (let d = 0; d < axis.length; d++) dot += (axis[d] ?? 0) * (other[d] ?? 0);
    for (let d = 0; d < axis.length; d++) axis[d] = (axis[d] ?? 0) - dot * (other[d] ?? 0);
  }
  const length = Math.hypot(...axis);
  for (let d = 0; d < axis.length; d++) axis[d] = length > 1e-30 ? (axis[d] ?? 0) / length : 0;
}

function deviation(values: Float64Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares / values.length);
}
