/** A protobuf field of text at `at`: its content and where it ends; null where there is none with that number and printable ASCII. */
export function fieldText(
  head: Uint8Array,
  at: number,
  field: number,
): { readonly text: string; readonly end: number } | null {
  const length = head[at + 1] ?? 0xff;
  const end = at + 2 + length;
  if (head[at] !== field * 8 + 2 || length === 0 || length >= 0x80 || end > head.length) return null;
  const bytes = head.subarray(at + 2, end);
  if (!bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) return null;
  return { text: String.fromCharCode(...bytes), end };
}
