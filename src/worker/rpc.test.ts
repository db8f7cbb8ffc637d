import { describe, expect, it } from 'vitest';
import { transferables } from './rpc';

describe('transferables', () => {
  it('finds each buffer once, through objects and lists', () => {
    const shared = new ArrayBuffer(8);
    const other = new Float32Array(2);
    const found = transferables({
      a: [{ pixels: new Uint8Array(shared, 0, 4) }, { pixels: new Uint8Array(shared, 4) }],
      b: { c: other },
      d: [1, 2, 3],
    });
    expect(new Set(found)).toEqual(new Set([shared, other.buffer]));
  });
});
