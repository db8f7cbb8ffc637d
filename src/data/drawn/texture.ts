import type { RandomStream } from '../random';
import { SIDE } from './canvas';

/**
 * Value noise: random values on a grid of `cells` cells each way, joined smoothly, in [0,1], [height, width].
 * More cells make a finer texture.
 */
export function valueNoise(random: RandomStream, cells: number, height = SIDE, width = SIDE): Float64Array {
  const points = cells + 1;
  const grid = new Float64Array(points * points);
  for (let i = 0; i < grid.length; i++) grid[i] = random.uniform();
  const noise = new Float64Array(height * width);
  for (let y = 0; y < height; y++) {
    const v = ((y + 0.5) * cells) / height;
    const row = Math.floor(v);
    const fy = v - row;
    const sy = fy * fy * (3 - 2 * fy);
    for (let x = 0; x < width; x++) {
      const u = ((x + 0.5) * cells) / width;
      const column = Math.floor(u);
      const fx = u - column;
      const sx = fx * fx * (3 - 2 * fx);
      const at = row * points + column;
      const top = (grid[at] ?? 0) * (1 - sx) + (grid[at + 1] ?? 0) * sx;
      const bottom = (grid[at + points] ?? 0) * (1 - sx) + (grid[at + points + 1] ?? 0) * sx;
      noise[y * width + x] = top * (1 - sy) + bottom * sy;
    }
  }
  return noise;
}
