/**
 * A file as every parser gets it: its path relative to what was dropped (or to the experiment file) and lazily
 * readable bytes. In the page `blob` is a `File`; in Node it comes from `fs.openAsBlob`, so one code path
 * serves both doors and nothing is read before it is asked for.
 */
export interface InputFile {
  /** Forward slashes, no leading slash, e.g. `cifar/train/cat/0001.png`. */
  readonly path: string;
  readonly blob: Blob;
  /** When the file was last changed, in milliseconds, where the blob itself does not know. */
  readonly modified?: number;
}

/**
 * All bytes of a blob, streamed into one buffer: `arrayBuffer()` of a file on disk holds it twice for a moment in Node.
 * @throws Error where the blob changed while it was read.
 */
export async function readWhole(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(blob.size);
  const reader = blob.stream().getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes.set(value, at);
    at += value.length;
  }
  if (at !== bytes.length) throw new Error(`${at} of ${bytes.length} bytes could be read`);
  return bytes;
}

/** Bytes `[start, end)` of a blob, clamped to its size. */
export async function readRange(blob: Blob, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.slice(start, Math.min(end, blob.size)).arrayBuffer());
}
