import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprint, sha256OfBlob } from './hash';

const nodeHash = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

describe('sha256OfBlob', () => {
  it('is SHA-256: the empty message and "abc" of FIPS 180-4, and many chunks', async () => {
    expect(await sha256OfBlob(new Blob([]))).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(await sha256OfBlob(new Blob(['abc']))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    const large = Uint8Array.from({ length: 1_000_003 }, (_, i) => (i * 31) % 256);
    expect(await sha256OfBlob(new Blob([large.subarray(0, 17), large.subarray(17)]))).toBe(nodeHash(large));
  });
});

describe('fingerprint', () => {
  const file = (path: string, text: string) => ({ path, blob: new Blob([text]) });

  it('is the hash of one file, whatever its name', async () => {
    expect(await fingerprint([file('a', 'abc')])).toBe(`sha256:${nodeHash('abc')}`);
  });

  it('does not depend on the order of several, but on their names and bytes', async () => {
    const [a, b] = [file('a', 'one'), file('b', 'two')];
    const both = await fingerprint([a, b]);
    expect(both).toBe(`sha256-of-files:${nodeHash(`a 3 ${nodeHash('one')}\nb 3 ${nodeHash('two')}\n`)}`);
    expect(await fingerprint([b, a])).toBe(both);
    expect(await fingerprint([a, file('b', 'twO')])).not.toBe(both);
    expect(await fingerprint([a, file('c', 'two')])).not.toBe(both);
  });

  it('tells many files apart by their listing', async () => {
    const many = Array.from({ length: 65 }, (_, i) => file(`${i}.png`, 'x'));
    expect(await fingerprint(many)).toMatch(/^sha256-of-listing:[0-9a-f]{64}$/);
    expect(await fingerprint(many.slice(0, 64))).toMatch(/^sha256-of-files:/);
  });
});
