import { describe, expect, it } from 'vitest';
import { fixture, inputOf } from '../../../tests/fixtures/formats/load';
import { readModel } from '../models/readModel';
import type { StateDict } from '../models/stateDict';
import { unpickle } from '../models/pickle';
import { openZip } from '../zipEntries';
import { writePth } from './pthWriter';

const state: StateDict = new Map([
  ['conv.weight', { dtype: 'float32', shape: [2, 1, 1, 2], data: Float32Array.of(1, -2, 3.5, 1e-3) }],
  ['bn.num_batches_tracked', { dtype: 'int64', shape: [], data: Int32Array.of(469) }],
  ['wide', { dtype: 'int64', shape: [300], data: new Float64Array(300).fill(2 ** 40) }],
]);

describe('writePth', () => {
  it('is a zip of stored files, data at multiples of 64 bytes, as torch.save lays it out', async () => {
    const bytes = writePth(state);
    const zip = await openZip(inputOf(bytes, 'a.pth'));
    expect(zip.names).toEqual([
      'archive/data.pkl',
      'archive/byteorder',
      'archive/data/0',
      'archive/data/1',
      'archive/data/2',
      'archive/version',
    ]);
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const name of zip.names) {
      expect(view.getUint32(at, true)).toBe(0x04034b50);
      expect(view.getUint16(at + 8, true)).toBe(0);
      const data = at + 30 + view.getUint16(at + 26, true) + view.getUint16(at + 28, true);
      expect([name, data % 64]).toEqual([name, 0]);
      expect(zip.sizeOf(name)).toBe(view.getUint32(at + 22, true));
      at = data + view.getUint32(at + 22, true);
    }
    expect(view.getUint32(at, true)).toBe(0x02014b50);
    expect(new TextDecoder().decode(await zip.read('archive/version'))).toBe('3\n');
    expect(new Float32Array((await zip.read('archive/data/0')).buffer)).toEqual(
      Float32Array.of(1, -2, 3.5, 1e-3),
    );
  });

  it('writes the protocol-2 pickle that torch writes', async () => {
    const zip = await openZip(inputOf(writePth(state), 'a.pth'));
    const ids: unknown[] = [];
    const names: string[] = [];
    const load = (): unknown =>
      unpickle(zipPickle, {
        name: 'a',
        persistentLoad: (id) => (ids.push(id), null),
        onOpaque: (name) => names.push(name),
      });
    const zipPickle = await zip.read('archive/data.pkl');
    // Without storages every tensor is refused, after its persistent id was seen.
    expect(load).toThrow(/no storage/);
    expect(ids).toEqual([
      ['storage', expect.objectContaining({ name: 'torch.FloatStorage' }), '0', 'cpu', 4],
    ]);
    expect(names).toEqual([]);
    // The restricted loader of torch 1.13 knows these instructions and no others.
    expect([...zipPickle.slice(0, 2)]).toEqual([0x80, 2]);
    expect(zipPickle.at(-1)).toBe(0x2e);
  });

  it('comes back the same through the reader', async () => {
    const back = await readModel(inputOf(writePth(state), 'a.pth'));
    expect([...back.state]).toEqual([...state]);
    expect(back.opaque).toEqual([]);
  });

  it('gives back every dtype and shape of a file written by PyTorch', async () => {
    const { state: mixed } = await readModel(fixture('mixed_zip.pth'));
    const back = await readModel(inputOf(writePth(mixed), 'a.pth'));
    expect([...back.state]).toEqual([...mixed]);
    expect(writePth(mixed)).toEqual(writePth(back.state));
  });
});
