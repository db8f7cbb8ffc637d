import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PURPOSE, RandomStream } from '../../../data/random';
import { openDevice, type OpenDevice } from '../../device/device';
import { MULTIPLY_HIGH_WGSL, RANDOM_WGSL } from './wgsl';

let open: OpenDevice;
beforeAll(async () => {
  open = await openDevice();
});
afterAll(() => open.close());

interface Key {
  readonly seed: number;
  readonly purpose: number;
  readonly index: number;
}

/** Runs WGSL statements that draw `draws` words from each key's stream; `stream`, `out` (u32) and `at` are in scope. */
async function draw(keys: readonly Key[], draws: number, body: string): Promise<Uint32Array> {
  const { device } = open;
  const words = Uint32Array.from(
    keys.flatMap(({ seed, purpose, index }) => [
      seed >>> 0,
      purpose,
      index >>> 0,
      Math.floor(index / 2 ** 32),
    ]),
  );
  const input = device.createBuffer({
    size: words.byteLength,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
  });
  const bytes = keys.length * draws * 4;
  const output = device.createBuffer({
    size: bytes,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC,
  });
  const read = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(input, 0, words);
  const code = `
${MULTIPLY_HIGH_WGSL}${RANDOM_WGSL}
@group(0) @binding(0) var<storage, read> keys : array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> out : array<u32>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group : vec3<u32>) {
  let key = keys[group.x];
  var stream = randomStream(key.x, key.y, key.z, key.w);
  for (var i = 0u; i < ${draws}u; i++) {
    let at = group.x * ${draws}u + i;
    ${body}
  }
}`;
  device.pushErrorScope('validation');
  const pipeline = device.createComputePipeline({
    layout: 'auto',
    compute: { module: device.createShaderModule({ code }) },
  });
  const entries = [input, output].map((buffer, binding) => ({ binding, resource: { buffer } }));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(keys.length);
  pass.end();
  encoder.copyBufferToBuffer(output, 0, read, 0, bytes);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  const result = new Uint32Array(read.getMappedRange().slice(0));
  for (const buffer of [input, output, read]) buffer.destroy();
  expect(await device.popErrorScope()).toBeNull();
  return result;
}

const DRAWS = 257;
const KEYS: readonly Key[] = [0, 1, 666, 0x7fffffff, 0xffffffff, -5].flatMap((seed) =>
  [PURPOSE.shuffle, PURPOSE.augment, PURPOSE.trigger].flatMap((purpose) =>
    [0, 1, 49_999, 2 ** 31 + 3, 2 ** 32 - 1, 2 ** 32, 5 * 2 ** 32 + 12_345].map((index) => ({
      seed,
      purpose,
      index,
    })),
  ),
);

function expected(take: (stream: RandomStream, i: number) => number): Uint32Array {
  return Uint32Array.from(
    KEYS.flatMap(({ seed, purpose, index }) => {
      const stream = new RandomStream(seed, purpose, index);
      return Array.from({ length: DRAWS }, (_, i) => take(stream, i));
    }),
  );
}

describe(`random streams on the device, ${KEYS.length} of them`, () => {
  it('gives the published answers of Philox', async () => {
    // Random123's kat_vectors, philox4x32 10: counters and keys of zeros and of ones.
    const words = await draw(
      [{ seed: 0, purpose: 0, index: 0 }],
      8,
      'out[at] = philox(vec4<u32>(select(0u, 0xffffffffu, i >= 4u)), vec2<u32>(select(0u, 0xffffffffu, i >= 4u)))[i % 4u] + nextWord(&stream) * 0u;',
    );
    expect([...words].map((word) => word.toString(16))).toEqual(
      '6627e8d5 e169c58d bc57ac4c 9b00dbd8 408f276d 41c83b0e a20bc7c6 6d5451fd'.split(' '),
    );
  });

  it('draws the same words', async () => {
    const words = await draw(KEYS, DRAWS, 'out[at] = nextWord(&stream);');
    expect(words).toEqual(expected((stream) => stream.uint32()));
  });

  it('draws the same floats, to the last bit a float has', async () => {
    const bits = await draw(KEYS, DRAWS, 'out[at] = bitcast<u32>(nextUniform(&stream));');
    const floats = new Float32Array(bits.buffer);
    const want = new Float32Array(KEYS.length * DRAWS);
    expected((stream) => Math.floor(stream.uniform() * 2 ** 24)).forEach(
      (value, i) => (want[i] = value / 2 ** 24),
    );
    expect(floats).toEqual(want);
    expect(Math.max(...floats)).toBeLessThan(1);
  });

  it('draws the same integers, throwing the same draws away', async () => {
    // 2^31 + 1 throws away almost every second word; 1 and powers of two none.
    const bounds = [1, 2, 7, 10, 33, 256, 50_000, 2 ** 31 + 1];
    const table = `var bounds = array<u32, ${bounds.length}>(${bounds.map((b) => `${b}u`).join(', ')});`;
    const words = await draw(
      KEYS,
      DRAWS,
      `${table} out[at] = nextBelow(&stream, bounds[i % ${bounds.length}u]);`,
    );
    expect(words).toEqual(expected((stream, i) => stream.below(bounds[i % bounds.length]!)));
  });
});
