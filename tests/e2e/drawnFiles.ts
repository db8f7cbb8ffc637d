import { readFile } from 'node:fs/promises';
import { BlobWriter, Uint8ArrayReader, ZipWriter } from '@zip.js/zip.js';
import { drawnSigns } from '../../src/data/drawn/drawnSigns';
import { encodePng } from '../../src/formats/images/encodePng';

/** A file as Playwright's file inputs take it. */
export interface FilePayload {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const victim = new URL('../../public/demo/victim.pth', import.meta.url);

/** The demo's backdoored classifier, as a person would drop it. */
export async function victimFile(): Promise<FilePayload> {
  return { name: 'victim.pth', mimeType: 'application/octet-stream', buffer: await readFile(victim) };
}

/** Drawn signs as a zip of PNGs in `train/CLASS` and `test/CLASS` folders. */
export async function signsZip(trainCount: number, testCount: number): Promise<FilePayload> {
  const signs = drawnSigns({ trainCount, testCount });
  const writer = new ZipWriter(new BlobWriter('application/zip'), { useWebWorkers: false, level: 0 });
  for (const [part, split] of [
    ['train', signs.train],
    ['test', signs.test],
  ] as const) {
    if (!split) continue;
    for (let i = 0; i < split.count; i++) {
      const pixels = await split.read([i]);
      // ImageFolder sorts folders by name, so the class index leads the name and the labels stay the victim's.
      const label = split.labels?.[i] ?? 0;
      const name = `${part}/${label} ${signs.classNames[label] ?? ''}/${String(i).padStart(4, '0')}.png`;
      await writer.add(name, new Uint8ArrayReader(encodePng(pixels, signs.width, signs.height)));
    }
  }
  const blob = await writer.close();
  return { name: 'signs.zip', mimeType: 'application/zip', buffer: Buffer.from(await blob.arrayBuffer()) };
}
