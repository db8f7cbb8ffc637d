import { describe, expect, it } from 'vitest';
import { fixture, inputOf } from '../../../tests/fixtures/formats/load';
import { readModel } from '../models/readModel';
import type { StateDict } from '../models/stateDict';
import { writeSafetensors } from './safetensorsWriter';

describe('writeSafetensors', () => {
  it('pads the header to 8 bytes and keeps order, dtypes and metadata', () => {
    const state: StateDict = new Map([
      ['b', { dtype: 'uint8', shape: [3], data: Int32Array.of(1, 2, 255) }],
      ['7', { dtype: 'float32', shape: [], data: Float32Array.of(-0.5) }],
      ['n', { dtype: 'int64', shape: [], data: Int32Array.of(-2) }],
    ]);
    const bytes = writeSafetensors(state, { format: 'pt' });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const text = new TextDecoder().decode(bytes.subarray(8, 8 + length));
    expect(text.trimEnd()).toBe(
      '{"__metadata__":{"format":"pt"},"b":{"dtype":"U8","shape":[3],"data_offsets":[12,15]},' +
        '"7":{"dtype":"F32","shape":[],"data_offsets":[8,12]},"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}',
    );
    expect([...bytes.subarray(8 + length)]).toEqual([
      254, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0xbf, 1, 2, 255,
    ]);
  });

  it('writes what the reader takes, from every dtype PyTorch wrote', async () => {
    const { state } = await readModel(fixture('mixed_zip.pth'));
    const back = await readModel(inputOf(writeSafetensors(state, { a: 'ü"' }), 'a.safetensors'));
    expect(back.metadata).toEqual({ a: 'ü"' });
    expect([...back.state]).toEqual([...state]);
  });
});
