import { describe, expect, it } from 'vitest';
import { inputOf } from '../../../tests/fixtures/formats/load';
import { readModel } from './readModel';

function file(header: unknown, dataBytes: number, headerLength?: number): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const out = new Uint8Array(8 + text.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerLength ?? text.length), true);
  out.set(text, 8);
  return out;
}

async function codeOf(header: unknown, dataBytes: number, headerLength?: number): Promise<unknown> {
  const failure = readModel(inputOf(file(header, dataBytes, headerLength), 'm.safetensors'));
  return failure.then(
    () => 'no error',
    (error: unknown) => (error as { code?: unknown }).code,
  );
}

const f32 = (start: number, end: number, shape: unknown = [(end - start) / 4]): unknown => ({
  dtype: 'F32',
  shape,
  data_offsets: [start, end],
});

describe('a hostile safetensors header', () => {
  it('is accepted where nothing is wrong, with empty tensors and names of any kind', async () => {
    const names = {
      b: f32(8, 16),
      'a.weight': f32(0, 8),
      none: f32(8, 8, [0, 5]),
      __proto__x: f32(16, 20, []),
    };
    const model = await readModel(inputOf(file(names, 20), 'm.safetensors'));
    expect([...model.state.keys()]).toEqual(['b', 'a.weight', 'none', '__proto__x']);
    expect(model.state.get('__proto__x')).toEqual({ dtype: 'float32', shape: [], data: new Float32Array(1) });
  });

  it.each([
    ['overlapping tensors', { a: f32(0, 8), b: f32(4, 12) }, 12, 'format/malformed'],
    ['the same bytes twice', { a: f32(0, 8), b: f32(0, 8) }, 8, 'format/malformed'],
    ['a gap', { a: f32(0, 8), b: f32(12, 16) }, 16, 'format/malformed'],
    ['bytes that belong to nobody', { a: f32(0, 8) }, 12, 'format/malformed'],
    ['a tensor beyond the end', { a: f32(0, 8) }, 4, 'file/truncated'],
    ['a shape that is not its bytes', { a: f32(0, 8, [3]) }, 8, 'format/malformed'],
    ['a negative size', { a: f32(0, 8, [-2]) }, 8, 'format/malformed'],
    ['a fractional size', { a: f32(0, 8, [2.5]) }, 8, 'format/malformed'],
    ['sizes whose product overflows', { a: f32(0, 8, [2 ** 30, 2 ** 30, 2 ** 30]) }, 8, 'format/malformed'],
    ['offsets in the wrong order', { a: { dtype: 'F32', shape: [2], data_offsets: [8, 0] } }, 8, 'format/malformed'],
    ['an unknown element type', { a: { dtype: 'F8_E4M3', shape: [8], data_offsets: [0, 8] } }, 8, 'format/unsupported'],
    ['an element type named like a method', { a: { dtype: 'toString', shape: [8], data_offsets: [0, 8] } }, 8, 'format/unsupported'],
    ['an entry that is a number', { a: 3 }, 0, 'format/malformed'],
    ['no tensors', { __metadata__: { a: 'b' } }, 0, 'file/foreign'],
    ['broken JSON', '{"a": [}', 8, 'format/malformed'],
    ['JSON nested without end', `{"a":${'['.repeat(200_000)}`, 8, 'format/malformed'],
  ])('%s: refused', async (_what, header, dataBytes, code) => {
    expect(await codeOf(header, dataBytes)).toBe(code);
  }); // prettier-ignore

  it('of impossible length is refused before it is read', async () => {
    expect(await codeOf('{"a"', 100, 99)).toBe('format/malformed');
    expect(await codeOf('{"a"', 100, 2 ** 31)).toBe('file/truncated');
  });
});
