import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { gunzipSync, gzipSync, unzipSync } from 'fflate';
import { crc32 } from '../../src/formats/images/crc32';

/** A file by its name, as a parser is given it. */
export interface NamedBytes {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Files that are opened together; each in turn is damaged. */
export type FileSet = readonly NamedBytes[];

/** The bytes of a committed fixture, by its path under `tests/fixtures`. The process was started in the repository's root. */
export function fixtureBytes(path: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(join(process.cwd(), 'tests', 'fixtures', path)));
}

/** Fixtures of one folder, named by the last parts of their paths. */
export function together(folder: string, ...names: readonly string[]): FileSet {
  return names.map((name) => ({
    path: name.slice(name.lastIndexOf('/') + 1),
    bytes: fixtureBytes(`${folder}/${name}`),
  }));
}

/** Each fixture as a set of its own. */
export function apart(folder: string, ...names: readonly string[]): FileSet[] {
  return names.map((name) => together(folder, name));
}

/** A text as a file. */
export function textFile(path: string, text: string): NamedBytes {
  return { path, bytes: new TextEncoder().encode(text) };
}

/** What a fixture's zip holds, as a folder of that name. */
export function unzipped(path: string): FileSet {
  const files = Object.entries(unzipSync(fixtureBytes(path))).filter(([name]) => !name.endsWith('/'));
  return files.map(([name, bytes]) => ({ path: `folder/${name}`, bytes: Uint8Array.from(bytes) }));
}

/** What a fixture's gzip holds, under another name. */
export function gunzipped(path: string, name: string): FileSet {
  return [{ path: name, bytes: Uint8Array.from(gunzipSync(fixtureBytes(path))) }];
}

/** Packs what was damaged, so that the damage lies behind the packing. */
export function gzipped({ path, bytes }: NamedBytes): NamedBytes {
  return { path: `${path}.gz`, bytes: Uint8Array.from(gzipSync(bytes, { level: 1 })) };
}

/** Bytes in a MiB. */
export const MIB = 2 ** 20;

/** A text with a byte for each letter. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** One file by itself. */
export function one(path: string, bytes: Uint8Array): NamedBytes[] {
  return [{ path, bytes: Uint8Array.from(bytes) }];
}

/** A zip of deflated files, by zlib: fflate takes ten times as long for the same. */
export function deflatedZip(files: Readonly<Record<string, Uint8Array>>): Uint8Array<ArrayBuffer> {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = deflateRawSync(content, { level: 6 });
    // Version, flags, method, time and date, checksum, the two sizes, the name's length and the extra field's.
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    parts.push(Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed);
    directory.push(Buffer.from('PK\x01\x02\x14\0'), fields, rest, Buffer.from(name));
    at += 30 + name.length + packed.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Uint8Array.from(Buffer.concat([...parts, central, end]));
}
