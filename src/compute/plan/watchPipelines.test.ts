import { expect, it } from 'vitest';
import { writableBindings } from './watchPipelines';

it('finds what WGSL declares writable, however it is spaced', () => {
  const code = `
@group(0) @binding(0) var<storage, read_write> result : array<f32>;
@group(0) @binding(1) var<storage, read> x : array<f32>;
@binding(12u) @group(0) var<storage,read_write> counts: array<atomic<i32>>;
@group(0) @binding(3) var<uniform> uniforms : Uniforms;
@group(0)
@binding(4)
var < storage , read_write > spaced : array<f32>;
@group(0) @binding(5) var<storage> plain : array<f32>;
var<workgroup> tile : array<f32, 64>;`;
  expect([...writableBindings(code)].sort((a, b) => a - b)).toEqual([0, 4, 12]);
});
