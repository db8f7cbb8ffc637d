/**
 * `count` eight-bit numbers (-128 to 127), a hash of start, start + 1, ...: the numbers that
 * `tests/fixtures/nn/make_architectures.py` draws its weights and images from, so that neither is stored.
 */
export function hashed(count: number, start: number): Int8Array {
  return Int8Array.from({ length: count }, (_, i) => {
    let h = Math.imul(start + i, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
    return ((h ^ (h >>> 16)) & 255) - 128;
  });
}
