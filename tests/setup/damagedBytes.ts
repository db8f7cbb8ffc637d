import fc from 'fast-check';

/** Changed bytes and a cut-off end, for `whole.length` bytes; half of the changes fall on the first `head`. */
export function damageOf(whole: Uint8Array, head = whole.length): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const place = fc.oneof(fc.nat(Math.min(head, whole.length) - 1), fc.nat(whole.length - 1));
  const changes = fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 6 });
  const keep = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
  return fc.tuple(changes, keep).map(([list, part]) => {
    const bytes = Uint8Array.from(whole.subarray(0, Math.ceil(whole.length * part)));
    for (const [at, value] of list) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });
}
