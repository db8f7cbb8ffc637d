/** Characters handed to `String.fromCharCode` at once: well below every engine's argument limit. */
const CHUNK = 8192;

/** Bytes as text with one character a byte, as Python's `bytes.decode('latin1')`. (TextDecoder means windows-1252.) */
export function latin1Text(bytes: Uint8Array): string {
  if (bytes.length <= CHUNK) return String.fromCharCode(...bytes);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK) {
    parts.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK)));
  }
  return parts.join('');
}

/** Text as one byte a character, or null where a character is beyond U+00FF. */
export function latin1Bytes(text: string): Uint8Array | null {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) return null;
    bytes[i] = code;
  }
  return bytes;
}
