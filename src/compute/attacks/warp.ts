/**
 * A sampling grid as `grid_sample` takes it: x and y in [-1,1] of where each output pixel reads, [height, width, 2].
 */
export type Grid = Float32Array;

/** Weights of four neighbours at a fraction `t` past the second: cubic convolution with PyTorch's a = -0.75. */
function cubicWeights(t: number): readonly number[] {
  const a = -0.75;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return [far(t + 1), near(t), near(1 - t), far(2 - t)];
}

interface CubicTaps {
  readonly places: readonly number[];
  readonly weights: readonly number[];
}

/** Corners aligned, places outside the source repeated from its edge. */
function cubicTaps(from: number, to: number): CubicTaps[] {
  const scale = to > 1 ? (from - 1) / (to - 1) : 0;
  return Array.from({ length: to }, (_, i) => {
    const first = Math.floor(i * scale);
    const places = [-1, 0, 1, 2].map((step) => Math.min(from - 1, Math.max(0, first + step)));
    return { places, weights: cubicWeights(i * scale - first) };
  });
}

/**
 * `interpolate(mode='bicubic', align_corners=True)` of one plane.
 * @param plane [k, k]; a new [height, width].
 */
export function upsampleBicubic(
  plane: ArrayLike<number>,
  k: number,
  height: number,
  width: number,
): Float64Array {
  const rows = cubicTaps(k, height);
  const columns = cubicTaps(k, width);
  const out = new Float64Array(height * width);
  rows.forEach((down, row) => {
    columns.forEach((across, column) => {
      let sum = 0;
      down.places.forEach((y, i) => {
        across.places.forEach((x, j) => {
          sum += (down.weights[i] ?? 0) * (across.weights[j] ?? 0) * (plane[y * k + x] ?? 0);
        });
      });
      out[row * width + column] = sum;
    });
  });
  return out;
}

/**
 * WaNet's grid (Nguyen & Tran 2021, as METHODS 2.2 has it): clamp((identity + s · noise / height) · rescale, -1, 1), the noise
 * being `ins` over its mean magnitude, upsampled.
 * @param ins uniform in (-1,1), x plane then y plane, [2, k, k].
 */
export function warpGrid(
  ins: ArrayLike<number>,
  k: number,
  size: { readonly height: number; readonly width: number },
  strength: number,
  rescale: number,
): Grid {
  const { height, width } = size;
  const values = Array.from({ length: 2 * k * k }, (_, i) => ins[i] ?? 0);
  const mean = values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length || 1;
  const grid = new Float32Array(height * width * 2);
  [width, height].forEach((side, axis) => {
    const plane = values.slice(axis * k * k, (axis + 1) * k * k).map((value) => value / mean);
    upsampleBicubic(plane, k, height, width).forEach((noise, i) => {
      const at = axis === 0 ? i % width : Math.floor(i / width);
      const identity = side > 1 ? (2 * at) / (side - 1) - 1 : 0;
      const place = (identity + (strength * noise) / height) * rescale;
      grid[2 * i + axis] = Math.min(1, Math.max(-1, place));
    });
  });
  return grid;
}

/**
 * `grid_sample(bilinear, zeros, align_corners=True)` of one image.
 * @param pixels [height, width, 3]; a new array.
 * @param shift added to the grid's values, then clamped to [-1,1]; same layout.
 */
export function sampleGrid(
  pixels: Float32Array,
  height: number,
  width: number,
  grid: Grid,
  shift: Float32Array | null = null,
): Float32Array {
  const out = new Float32Array(pixels.length);
  const place = (at: number) => {
    const value = grid[at] ?? 0;
    return shift === null ? value : Math.min(1, Math.max(-1, value + (shift[at] ?? 0)));
  };
  for (let i = 0; i < height * width; i++) {
    const x = ((place(2 * i) + 1) / 2) * (width - 1);
    const y = ((place(2 * i + 1) + 1) / 2) * (height - 1);
    const left = Math.floor(x);
    const top = Math.floor(y);
    for (let corner = 0; corner < 4; corner++) {
      const column = left + (corner & 1);
      const row = top + (corner >> 1);
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      const weight = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      const from = (row * width + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        out[3 * i + channel] = (out[3 * i + channel] ?? 0) + weight * (pixels[from + channel] ?? 0);
      }
    }
  }
  return out;
}
