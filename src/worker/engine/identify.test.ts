import { describe, expect, it } from 'vitest';
import { writeBundle } from '../../formats/exports/bundle';
import { identifyFiles } from './identify';

const file = (path: string, ...parts: BlobPart[]) => ({ path, blob: new Blob(parts) });
const role = async (path: string, ...parts: BlobPart[]) => (await identifyFiles([file(path, ...parts)]))[0];
const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0]);

/** The least safetensors file with these one-element tensors. */
function safetensors(names: readonly string[]): Uint8Array<ArrayBuffer> {
  const header = JSON.stringify(
    Object.fromEntries(
      names.map((name, i) => [name, { dtype: 'F32', shape: [1], data_offsets: [i * 4, i * 4 + 4] }]),
    ),
  );
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + names.length * 4);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

describe('identifyFiles', () => {
  it('tells classifiers from transforms by the names of their tensors, whatever the file is called', async () => {
    expect(await role('x.bin', safetensors(['conv1.weight', 'linear.weight']))).toMatchObject({
      role: 'model',
    });
    expect(await role('x.bin', safetensors(['inc.double_conv.0.weight', 'outc.conv.weight']))).toMatchObject({
      role: 'transform',
    });
  });

  it('knows experiment files and label maps among JSON', async () => {
    expect(await role('a.json', '{"version": 1, "defense": {}}')).toMatchObject({ role: 'experiment' });
    expect(await role('a.json', '[2, 0, 1]')).toMatchObject({
      role: 'label-map',
      description: 'Label map of 3 classes',
    });
    expect(await role('a.json', '[2, 0.5]')).toMatchObject({ role: 'unknown' });
    expect(await role('a.json', '{"version": 1')).toMatchObject({ role: 'unknown' });
  });

  it('tells a bundle from a zip of images', async () => {
    const bundle = await writeBundle([
      { name: 'transform.safetensors', content: 'x' },
      { name: 'label_map.json', content: '[0]' },
    ]);
    expect(await role('b.zip', bundle)).toMatchObject({ role: 'transform' });
    const images = await writeBundle([{ name: 'train/cat/1.png', content: PNG }]);
    expect(await role('b.zip', images)).toMatchObject({ role: 'dataset' });
    const other = await writeBundle([{ name: 'notes.txt', content: 'hello' }]);
    expect(await role('b.zip', other)).toMatchObject({ role: 'unknown' });
  });

  it('takes one loose image for a trigger, and images in folders or several at once for data', async () => {
    expect(await role('kitty.png', PNG)).toMatchObject({ role: 'trigger-image' });
    expect(await role('train/cat/kitty.png', PNG)).toMatchObject({ role: 'dataset' });
    const two = await identifyFiles([file('a.png', PNG), file('b.png', PNG)]);
    expect(two.map((identity) => identity.role)).toEqual(['dataset', 'dataset']);
  });

  it('names what is foreign in plain words and throws nothing', async () => {
    expect((await role('m.pth', '<!doctype html><p>404'))?.description).toMatch(/HTML page/);
    expect((await role('m.pth', 'version https://git-lfs.github.com/spec/v1\noid'))?.description).toMatch(
      /Git LFS pointer/,
    );
    expect((await role('m.pth'))?.description).toMatch(/empty/i);
    expect(await role('m.pth', new Uint8Array([0x80, 2, 0x7d, 0x71]))).toMatchObject({ role: 'unknown' });
  });

  it('goes by names in a large folder', async () => {
    const many = Array.from({ length: 400 }, (_, i) => file(`train/cat/${i}.png`, PNG));
    const identities = await identifyFiles(many);
    expect(new Set(identities.map((identity) => identity.role))).toEqual(new Set(['dataset']));
  });
});
