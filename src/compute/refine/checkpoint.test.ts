import { describe, expect, it } from 'vitest';
import { recipeDefaults } from '../../protocol/experiment';
import { checkIdentity, decodeCheckpoint, encodeCheckpoint, type RefineCheckpoint } from './checkpoint';

const settings = recipeDefaults('official', 666);
const checkpoint: RefineCheckpoint = {
  identity: { seed: 1, settings, labelMap: [1, 0], images: 10, height: 32, width: 32 },
  step: 7,
  transform: new Map([
    ['a.weight', { dtype: 'float32', shape: [3], data: new Float32Array([0.1, -0, 1e-40]) }],
    ['a.num_batches_tracked', { dtype: 'int64', shape: [], data: new Int32Array([7]) }],
    ['a.bias', { dtype: 'float32', shape: [2, 1], data: new Float32Array([Math.PI, 3e38]) }],
  ]),
  optimizer: {
    kind: 'sgd',
    step: 7,
    slots: new Map([['momentum/a.weight', { shape: [3], data: new Float32Array([1, 2, 3]) }]]),
  },
};

describe('checkpoint bytes', () => {
  it('come back value for value, in order', () => {
    const bytes = encodeCheckpoint(checkpoint);
    // As a slice of something larger, the way storage may hand it over.
    const larger = new Uint8Array(bytes.length + 3);
    larger.set(bytes, 3);
    const read = decodeCheckpoint(larger.subarray(3));
    expect(read).toEqual(checkpoint);
    expect([...read.transform.keys()]).toEqual([...checkpoint.transform.keys()]);
    expect(Object.is(read.transform.get('a.weight')?.data[1], -0)).toBe(true);
  });

  it('are refused when damaged', () => {
    const bytes = encodeCheckpoint(checkpoint);
    const damaged = [
      bytes.subarray(0, 4),
      bytes.subarray(0, 100),
      bytes.subarray(0, bytes.length - 8),
      new Uint8Array(64).fill(0x7b),
      bytes.map((byte, i) => (i === 9 ? 0 : byte)),
    ];
    for (const part of damaged) {
      expect(() => decodeCheckpoint(part)).toThrow(expect.objectContaining({ code: 'storage/corrupt' }));
    }
  });
});

describe('checkIdentity', () => {
  const run = checkpoint.identity;
  const change = (part: Partial<typeof settings>) => ({ ...run, settings: { ...settings, ...part } });
  const refuse = (other: typeof run, words: RegExp) => {
    expect(() => checkIdentity(run, other)).toThrow(
      expect.objectContaining({ code: 'train/checkpoint-mismatch' }),
    );
    expect(() => checkIdentity(run, other)).toThrow(words);
  };

  it('accepts the same run, however its fields are ordered, and a longer one', () => {
    const reordered = Object.fromEntries(
      Object.entries(settings.optimizer).reverse(),
    ) as typeof settings.optimizer;
    checkIdentity(run, change({ optimizer: reordered }));
    checkIdentity(run, change({ epochs: 200, maxSteps: 5000 }));
  });

  it('names what differs', () => {
    refuse({ ...run, seed: 2 }, /seed was 1 and is now 2/);
    refuse({ ...run, images: 11 }, /images was 10/);
    refuse({ ...run, labelMap: [0, 1] }, /label map/);
    refuse(change({ batchSize: 64 }), /batchSize was 256 and is now 64/);
    refuse(change({ schedule: { kind: 'cosine' } }), /schedule/);
    const cosine = change({ schedule: { kind: 'cosine' } });
    expect(() => checkIdentity(cosine, { ...cosine, settings: { ...cosine.settings, epochs: 9 } })).toThrow(
      /epochs/,
    );
  });
});
