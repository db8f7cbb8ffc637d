/** How many 32-bit words `bytes` bytes fill, the last one perhaps in part. */
export function wordsFor(bytes: number): number {
  return Math.ceil(bytes / 4);
}

/**
 * Bytes four a word, the first one lowest (every machine that runs a browser is little-endian), zeros after the last: a view
 * where length and place in memory allow it, else a copy.
 */
export function packedWords(bytes: Uint8Array): Int32Array {
  if (bytes.length % 4 === 0 && bytes.byteOffset % 4 === 0)
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const words = new Int32Array(wordsFor(bytes.length));
  new Uint8Array(words.buffer).set(bytes);
  return words;
}
