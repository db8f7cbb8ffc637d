/** Object header of a global heap: index, count of references, four reserved bytes, size. */
const OBJECT_BYTES = 16;
const HEAP_BYTES = 16;
const SIGNATURE = [0x47, 0x43, 0x4f, 0x4c] as const;

/**
 * Whether every global heap in a file (`GCOL`, where texts of variable length lie; HDF5 File Format Specification 3.0, III.E) can be
 * walked to its end. The HDF5 library goes on for ever in one whose free space claims no bytes, and wasm cannot be interrupted.
 */
export function heapsEnd(file: Uint8Array): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = file.indexOf(SIGNATURE[0]); at >= 0; at = file.indexOf(SIGNATURE[0], at + 1)) {
    const found = SIGNATURE.every((byte, i) => file[at + i] === byte);
    if (found && file[at + 4] === 1 && at + HEAP_BYTES <= file.length && !heapEnds(view, at)) return false;
  }
  return true;
}

function heapEnds(view: DataView, start: number): boolean {
  const size = Number(view.getBigUint64(start + 8, true));
  const end = start + size;
  if (end > view.byteLength) return false;
  for (let at = start + HEAP_BYTES; at + OBJECT_BYTES <= end;) {
    const index = view.getUint16(at, true);
    const content = Number(view.getBigUint64(at + 8, true));
    // Free space counts its own header; an object does not, and is padded to eight bytes.
    const needed = index === 0 ? content : OBJECT_BYTES + 8 * Math.ceil(content / 8);
    if (needed < OBJECT_BYTES || at + needed > end) return false;
    at += needed;
  }
  return true;
}
