import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../../data/random';
import { openDevice, type OpenDevice } from '../../device/device';
import { largestEmbedding, tsne } from './tsne';

/** Three Gaussian blobs in `dimensions` dimensions; point i belongs to blob i % 3. */
function blobs(points: number, dimensions: number, spread: number): Float32Array {
  const random = new RandomStream(11, 99);
  return Float32Array.from({ length: points * dimensions }, (_, k) => {
    const blob = Math.floor(k / dimensions) % 3;
    return (k % dimensions === blob ? 10 : 0) + spread * random.normal();
  });
}

/** Symmetric affinities in float64, by bisection on each row's perplexity. */
function affinities(features: Float32Array, n: number, perplexity: number): number[][] {
  const dimensions = features.length / n;
  const conditional = Array.from({ length: n }, (_, i) => {
    const distances = Array.from({ length: n }, (_, j) => {
      let sum = 0;
      for (let d = 0; d < dimensions; d++)
        sum += (features[i * dimensions + d]! - features[j * dimensions + d]!) ** 2;
      return sum;
    });
    let low = 0;
    let high = Infinity;
    let beta = 1;
    let row: number[] = [];
    for (let step = 0; step < 200; step++) {
      const weights = distances.map((d, j) => (j === i ? 0 : Math.exp(-beta * d)));
      const total = weights.reduce((a, b) => a + b, 0);
      row = weights.map((w) => w / total);
      const entropy = -row.reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0);
      if (entropy > Math.log(perplexity)) {
        low = beta;
        beta = high === Infinity ? beta * 2 : (beta + high) / 2;
      } else {
        high = beta;
        beta = (beta + low) / 2;
      }
    }
    return row;
  });
  return conditional.map((row, i) => row.map((p, j) => (i === j ? 0 : (p + conditional[j]![i]!) / (2 * n))));
}

/** KL(P || Q) in float64, from the positions. */
function divergence(p: number[][], positions: ArrayLike<number>): number {
  const n = p.length;
  const q = (i: number, j: number) =>
    1 /
    (1 + (positions[2 * i]! - positions[2 * j]!) ** 2 + (positions[2 * i + 1]! - positions[2 * j + 1]!) ** 2);
  let total = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) total += q(i, j);
  let sum = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) if (i !== j) sum += p[i]![j]! * Math.log((p[i]![j]! * total) / q(i, j));
  return sum;
}

describe('t-SNE on the GPU', () => {
  let open: OpenDevice;
  beforeAll(async () => {
    open = await openDevice();
  });
  afterAll(() => open.close());

  it('reports the KL divergence that a float64 reference gives for the same positions', async () => {
    const n = 60;
    const features = blobs(n, 7, 1);
    const { positions, klDivergence } = await tsne(open.device, features, n, {
      perplexity: 8,
      iterations: 300,
      seed: 1,
    });
    const expected = divergence(affinities(features, n, 8), positions);
    expect(Math.abs(klDivergence - expected) / expected).toBeLessThan(1e-3);
  });

  it('ends where the gradient of the float64 divergence is almost nothing', async () => {
    const n = 45;
    const features = blobs(n, 5, 1);
    const { positions } = await tsne(open.device, features, n, { perplexity: 7, iterations: 1500, seed: 2 });
    const p = affinities(features, n, 7);
    const at = Float64Array.from(positions);
    let norm = 0;
    for (let k = 0; k < at.length; k++) {
      const held = at[k]!;
      at[k] = held + 1e-4;
      const above = divergence(p, at);
      at[k] = held - 1e-4;
      const below = divergence(p, at);
      at[k] = held;
      norm += ((above - below) / 2e-4) ** 2;
    }
    expect(Math.sqrt(norm)).toBeLessThan(5e-3);
  });

  it('keeps separate clusters apart', async () => {
    const n = 150;
    const { positions } = await tsne(open.device, blobs(n, 6, 0.4), n, {
      perplexity: 15,
      iterations: 400,
      seed: 3,
    });
    const centres = [0, 1, 2].map((blob) => {
      const members = Array.from({ length: n }, (_, i) => i).filter((i) => i % 3 === blob);
      const x = members.reduce((sum, i) => sum + positions[2 * i]!, 0) / members.length;
      const y = members.reduce((sum, i) => sum + positions[2 * i + 1]!, 0) / members.length;
      const radius = Math.max(
        ...members.map((i) => Math.hypot(positions[2 * i]! - x, positions[2 * i + 1]! - y)),
      );
      return { x, y, radius };
    });
    for (const [a, b] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const distance = Math.hypot(centres[a]!.x - centres[b]!.x, centres[a]!.y - centres[b]!.y);
      expect(distance).toBeGreaterThan(Math.max(centres[a]!.radius, centres[b]!.radius));
    }
  });

  it('gives one embedding for one seed, and survives identical points', async () => {
    const n = 40;
    const features = blobs(n, 3, 1);
    features.copyWithin(3, 0, 3);
    const options = { perplexity: 6, iterations: 50, seed: 5 };
    const first = await tsne(open.device, features, n, options);
    const second = await tsne(open.device, features, n, options);
    expect(first.positions).toEqual(second.positions);
    expect(first.positions.every(Number.isFinite)).toBe(true);
  });

  it('refuses what it cannot do, and stops when told', async () => {
    const features = blobs(30, 3, 1);
    const options = { perplexity: 5, iterations: 50, seed: 1 };
    await expect(tsne(open.device, features, 30, { ...options, perplexity: 20 })).rejects.toMatchObject({
      subject: 'perplexity',
    });
    const many = largestEmbedding(open.device.limits) + 1;
    await expect(tsne(open.device, new Float32Array(many), many, options)).rejects.toMatchObject({
      subject: 'points',
    });
    await expect(
      tsne(open.device, features, 30, { ...options, signal: AbortSignal.abort() }),
    ).rejects.toThrow();
  });
});
