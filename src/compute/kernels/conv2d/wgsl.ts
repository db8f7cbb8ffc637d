import type { Components } from '../host';

/** 0, 1, ... count - 1. */
export const times = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/**
 * WGSL function `load_NAME(row, quad, limit)`: channels quad*4..+3 of a row of `limit` channels. Channels past the end read
 * as zero in the scalar form; the vec4 form needs `limit` to be a multiple of four.
 */
export function quadLoader(name: string, components: Components): string {
  const head = `fn load_${name}(row : i32, quad : i32, limit : i32) -> vec4<f32>`;
  if (components === 4) return `${head} { return ${name}[row * (limit >> 2u) + quad]; }`;
  return `${head} {
    let c = quad * 4;
    let first = row * limit;
    let last = first + limit - 1;
    let at = first + c;
    let v = vec4<f32>(${name}[min(at, last)], ${name}[min(at + 1, last)], ${name}[min(at + 2, last)], ${name}[min(at + 3, last)]);
    return select(vec4<f32>(0.0), v, vec4<i32>(c, c + 1, c + 2, c + 3) < vec4<i32>(limit));
  }`;
}

/** WGSL function `store(row, quad, limit, value)`: the counterpart of `quadLoader` for `result`; channels past the end are dropped. */
export function quadStorer(components: Components): string {
  const head = `fn store(row : i32, quad : i32, limit : i32, value : vec4<f32>)`;
  if (components === 4)
    return `${head} { if (quad * 4 < limit) { result[row * (limit >> 2u) + quad] = value; } }`;
  return `${head} {
    let c = quad * 4;
    let at = row * limit + c;
    if (c < limit) { result[at] = value.x; }
    if (c + 1 < limit) { result[at + 1] = value.y; }
    if (c + 2 < limit) { result[at + 2] = value.z; }
    if (c + 3 < limit) { result[at + 3] = value.w; }
  }`;
}
