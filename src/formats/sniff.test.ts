import { describe, expect, it } from 'vitest';
import { fixture, fixtureBytes, inputOf } from '../../tests/fixtures/formats/load';
import { foreignError, sniff, type SniffedKind } from './sniff';

const hex = (text: string, size = 600): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(size);
  out.set(text.match(/../g)!.map((pair) => parseInt(pair, 16)));
  return out;
};

/** A tar header for an empty file, by the POSIX layout. */
function tar(): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(1024);
  out.set(new TextEncoder().encode('a.txt'));
  out.fill(0x20, 148, 156);
  const sum = out.reduce((total, byte) => total + byte, 0);
  out.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
  return out;
}

function cifar(records: number, recordBytes: number, labels: number[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(records * recordBytes).fill(200);
  for (let i = 0; i < records; i++) labels.forEach((label, k) => (out[i * recordBytes + k] = label));
  return out;
}

describe('sniff', () => {
  it.each([
    ['state_zip.pth', 'pth-zip'],
    ['state_deflated.pth', 'pth-zip'],
    ['torchscript.pt', 'pth-zip'],
    ['label_shuffle.pth', 'pth-zip'],
    ['mixed_legacy.pth', 'pth-legacy'],
    ['mixed.safetensors', 'safetensors'],
    ['cifar_py2.pkl', 'pickle'],
    ['evil_protocol0.pth', 'pickle'],
    ['expected.json', 'json'],
  ])('%s is %s', async (name, kind) => {
    const sniffed = await sniff(fixture(name));
    expect([sniffed.kind, sniffed.truncated]).toEqual([kind, false]);
  });

  const made: [string, Uint8Array<ArrayBuffer> | string, SniffedKind][] = [
    ['a', '', 'empty'],
    ['a.jpg', hex('ffd8ffe0'), 'jpeg'],
    ['a.jpg', hex('89504e470d0a1a0a'), 'png'],
    ['a', hex('934e554d5059'), 'npy'],
    ['a', hex('894844460d0a1a0a'), 'hdf5'],
    ['a.tar.gz', hex('1f8b08'), 'gzip'],
    ['a.tar', tar(), 'tar'],
    ['a.bin', cifar(40, 3073, [9]), 'cifar-binary'],
    ['a.bin', cifar(40, 3074, [19, 99]), 'cifar-binary'],
    ['a.bin', cifar(40, 3073, [10]), 'unknown'],
    ['a.pth', '  \n<html lang="en">', 'html'],
    ['a.pth', '<!-- saved from url --><!DOCTYPE HTML>', 'html'],
    ['a.json', '[5, 7, 0]', 'json'],
    ['a.json', '{"version": 1}', 'json'],
    ['a.pth', 'version https://git-lfs.github.com/spec/v1\noid sha256:0', 'lfs-pointer'],
    ['a.dat', hex('08071207707974' + '6f726368' + '3a10'), 'onnx'],
    ['a.dat', 'nothing in particular', 'unknown'],
    ['a.pdf', '%PDF-1.7', 'unknown'],
  ];
  it.each(made)('%s with %s', async (name, content, kind) => {
    expect((await sniff(inputOf(content, name))).kind).toBe(kind);
  });

  it('sees that a zip or a safetensors file is cut off', async () => {
    const zip = await sniff(inputOf(fixtureBytes('state_zip.pth').slice(0, 3000), 'a.pth'));
    expect([zip.kind, zip.truncated]).toEqual(['pth-zip', true]);
    const tensors = await sniff(inputOf(fixtureBytes('mixed.safetensors').slice(0, 800), 'a'));
    expect([tensors.kind, tensors.truncated]).toEqual(['safetensors', true]);
  });

  it('reads head and tail only', async () => {
    let bytes = 0;
    const blob = new Blob([new Uint8Array(8_000_000).fill(7)]);
    const counted = new Proxy(blob, {
      get(target, key) {
        if (key !== 'slice') return Reflect.get(target, key, target) as unknown;
        return (start: number, end: number) => {
          bytes += end - start;
          return target.slice(start, end);
        };
      },
    });
    await sniff({ path: 'big', blob: counted });
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(100_000);
  });
});

describe('foreignError', () => {
  it('says in one sentence what the file is', async () => {
    const say = async (
      name: string,
      content: Uint8Array<ArrayBuffer> | string,
    ): Promise<[string, string]> => {
      const file = inputOf(content, name);
      const error = foreignError(file, await sniff(file), 'an image');
      return [error.code, error.message];
    };
    expect(await say('x.pdf', '%PDF-1.7')).toEqual([
      'file/foreign',
      'x.pdf is not an image: it is a PDF document.',
    ]);
    expect((await say('x', ''))[0]).toBe('file/empty');
    expect(await say('x', 'text')).toEqual(['file/unrecognised', 'x is not an image: it is plain text.']);
    expect((await say('x.zip', hex('504b0304')))[0]).toBe('file/truncated');
  });
});
