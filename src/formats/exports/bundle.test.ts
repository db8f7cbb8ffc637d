import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeLabelShuffle } from './labelShuffle';
import { findBundle, isBundle, writeBundle } from './bundle';

const weights = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 13) % 256);
const parts = [
  { name: 'transform.safetensors', content: weights },
  { name: 'transform.pth', content: new Uint8Array([1, 2]) },
  { name: 'label_map.json', content: '[1,0]' },
  // A real one: a zip of its own within the zip.
  { name: 'label_shuffle.pth', content: writeLabelShuffle([1, 0]) },
  { name: 'metrics.csv', content: 'step\n' },
  { name: 'experiment.json', content: '{}' },
  { name: 'results.json', content: '{}' },
];
const asFile = (bytes: Uint8Array<ArrayBuffer>) => ({ path: 'bundle.zip', blob: new Blob([bytes]) });
const hasPython = (() => {
  try {
    execFileSync('python3', ['-c', 'pass']);
    return true;
  } catch {
    return false;
  }
})();

describe('writeBundle', () => {
  it('gives the same bytes for the same parts', async () => {
    expect(await writeBundle(parts)).toEqual(await writeBundle(parts));
  });

  it.skipIf(!hasPython)("is read by Python's zipfile, contents checked", async () => {
    const folder = mkdtempSync(join(tmpdir(), 'refine-bundle-'));
    writeFileSync(join(folder, 'b.zip'), await writeBundle(parts));
    const script =
      'import sys,zipfile,hashlib,json\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n' +
      'print(json.dumps([[n,len(z.read(n)),sum(z.read(n))] for n in z.namelist()]))';
    const listed = JSON.parse(
      execFileSync('python3', ['-c', script, join(folder, 'b.zip')], { encoding: 'utf8' }),
    ) as unknown;
    rmSync(folder, { recursive: true });
    const encode = (content: Uint8Array | string) =>
      typeof content === 'string' ? new TextEncoder().encode(content) : content;
    expect(listed).toEqual(
      parts.map(({ name, content }) => [
        name,
        encode(content).length,
        encode(content).reduce((sum, byte) => sum + byte, 0),
      ]),
    );
  });
});

describe('findBundle', () => {
  it('finds every file in a zip, the safetensors before the .pth', async () => {
    const found = await findBundle([asFile(await writeBundle(parts))]);
    expect(found.transform?.path).toBe('bundle.zip/transform.safetensors');
    expect(new Uint8Array((await found.transform?.blob.arrayBuffer()) ?? [])).toEqual(weights);
    expect(await found.labelMap?.blob.text()).toBe('[1,0]');
    expect(found.labelShuffle?.blob.size).toBe(writeLabelShuffle([1, 0]).length);
    expect([found.experiment, found.metrics, found.results].every((file) => file !== null)).toBe(true);
  });

  it('finds loose files in any folder, and takes no label_shuffle.pth for a transform', async () => {
    const loose = ['x/label_shuffle.pth', 'x/unet_epoch150.pth', 'x/notes.txt'].map((path) => ({
      path,
      blob: new Blob(['?']),
    }));
    const found = await findBundle(loose);
    expect(found.transform?.path).toBe('x/unet_epoch150.pth');
    expect(found.labelShuffle?.path).toBe('x/label_shuffle.pth');
    expect(found.labelMap).toBeNull();
  });

  it('reports a cut-off archive', async () => {
    const bytes = await writeBundle(parts);
    await expect(findBundle([asFile(bytes.slice(0, 5000))])).rejects.toMatchObject({
      code: 'file/truncated',
    });
  });
});

it('isBundle tells a bundle from a zip of images by the directory', async () => {
  expect(await isBundle(asFile(await writeBundle(parts)))).toBe(true);
  const images = [{ name: 'train/cat/1.png', content: new Uint8Array([1]) }];
  expect(await isBundle(asFile(await writeBundle(images)))).toBe(false);
});
