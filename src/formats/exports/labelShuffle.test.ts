import { describe, expect, it } from 'vitest';
import { fixture, inputOf } from '../../../tests/fixtures/formats/load';
import { openZip } from '../zipEntries';
import { readLabelMap, writeLabelMapJson, writeLabelShuffle } from './labelShuffle';

/** METHODS 1.3: the map that numpy seed 666 gives for ten classes. */
const MAP = [5, 7, 0, 9, 3, 4, 8, 1, 6, 2];

describe('label maps', () => {
  it('writes the very pickle that torch.save of the numpy array gives', async () => {
    const ours = await openZip(inputOf(writeLabelShuffle(MAP), 'ours.pth'));
    const theirs = await openZip(fixture('label_shuffle.pth'));
    expect(ours.names).toEqual(theirs.names);
    expect(await ours.read('label_shuffle/data.pkl')).toEqual(await theirs.read('label_shuffle/data.pkl'));
  });

  it('reads what PyTorch wrote, what it wrote itself, and JSON', async () => {
    expect(await readLabelMap(fixture('label_shuffle.pth'))).toEqual(MAP);
    const many = Array.from({ length: 1000 }, (_, i) => (i * 7 + 3) % 1000);
    expect(await readLabelMap(inputOf(writeLabelShuffle(many), 'a.pth'))).toEqual(many);
    expect(await readLabelMap(inputOf(writeLabelMapJson(MAP), 'label_map.json'))).toEqual(MAP);
  });

  it.each(['[0,0,1]', '[1,2,3]', '[0]', '[]', '[0,1.5]', '[0,"1"]', '{"a":1}', '[-1,0]', '[[0],[1]]'])(
    '%s is no permutation',
    async (text) => {
      await expect(readLabelMap(inputOf(text, 'label_map.json'))).rejects.toMatchObject({
        code: 'map/not-a-permutation',
        subject: 'label_map.json',
      });
    },
  );

  it('never writes one that is not', () => {
    expect(() => writeLabelShuffle([0, 0])).toThrow(/twice/);
    expect(() => writeLabelMapJson([1, 2])).toThrow(/no class of 0 to 1/);
  });

  it('says what else a file is', async () => {
    await expect(readLabelMap(inputOf('', 'm.json'))).rejects.toMatchObject({ code: 'file/empty' });
    await expect(readLabelMap(inputOf('<html>', 'm.json'))).rejects.toMatchObject({ code: 'file/foreign' });
    await expect(readLabelMap(inputOf('[1, 0', 'm.json'))).rejects.toMatchObject({
      code: 'format/malformed',
    });
    await expect(readLabelMap(fixture('state_zip.pth'))).rejects.toMatchObject({
      code: 'map/not-a-permutation',
    });
    await expect(readLabelMap(fixture('evil_system.pth'))).rejects.toMatchObject({
      code: 'format/forbidden-opcode',
    });
  });
});
