import { fieldText } from './wireText';

/** Kinds of file that the studio tells apart by content. */
export type SniffedKind =
  | 'pth-zip'
  | 'pth-legacy'
  | 'safetensors'
  | 'zip'
  | 'gzip'
  | 'tar'
  | 'jpeg'
  | 'png'
  | 'npy'
  | 'npz'
  | 'onnx'
  | 'hdf5'
  | 'keras-zip'
  | 'json'
  | 'html'
  | 'lfs-pointer'
  | 'pickle'
  | 'cifar-binary'
  | 'idx'
  | 'parquet'
  | 'pnm'
  | 'csv'
  | 'empty'
  | 'unknown';

/** A signature at the start of a file, as hexadecimal. `says` completes "it is ...". */
interface Magic {
  readonly hex: string;
  readonly kind: SniffedKind;
  readonly says: string;
}

/** Signatures that settle a file's kind. Those with kind `unknown` only tell people what they dropped. */
const MAGICS: readonly Magic[] = [
  { hex: 'ffd8ff', kind: 'jpeg', says: 'a JPEG image' },
  { hex: '89504e470d0a1a0a', kind: 'png', says: 'a PNG image' },
  { hex: '934e554d5059', kind: 'npy', says: 'a numpy .npy array' },
  { hex: '894844460d0a1a0a', kind: 'hdf5', says: 'an HDF5 file (a Keras model, perhaps)' },
  { hex: '1f8b', kind: 'gzip', says: 'a gzip archive' },
  { hex: '504b0304', kind: 'zip', says: 'a zip archive' },
  { hex: '504b0506', kind: 'zip', says: 'an empty zip archive' },
  { hex: '47494638', kind: 'unknown', says: 'a GIF image' },
  { hex: '25504446', kind: 'unknown', says: 'a PDF document' },
  { hex: '377abcaf271c', kind: 'unknown', says: 'a 7-Zip archive' },
  { hex: '526172211a07', kind: 'unknown', says: 'a RAR archive' },
  { hex: 'fd377a585a00', kind: 'unknown', says: 'an xz archive' },
  { hex: '28b52ffd', kind: 'unknown', says: 'a Zstandard archive' },
  { hex: '425a68', kind: 'unknown', says: 'a bzip2 archive' },
  { hex: '04224d18', kind: 'unknown', says: 'an LZ4 archive' },
  { hex: '1201000000000000', kind: 'unknown', says: 'an MXNet parameter file' },
  { hex: '1a45dfa3', kind: 'unknown', says: 'a video' },
  { hex: '7f454c46', kind: 'unknown', says: 'a Linux program' },
  { hex: '4d5a90', kind: 'unknown', says: 'a Windows program' },
  { hex: '50415231', kind: 'parquet', says: 'a Parquet table' },
  { hex: '4747554680', kind: 'unknown', says: 'a GGUF model' },
  { hex: '47475546', kind: 'unknown', says: 'a GGUF model' },
  { hex: '53514c69746520666f726d6174', kind: 'unknown', says: 'an SQLite database' },
  { hex: 'd0cf11e0a1b11ae1', kind: 'unknown', says: 'an old Office document' },
  { hex: '0000000c6a502020', kind: 'unknown', says: 'a JPEG 2000 image' },
];

/** The first signature that `head` begins with, or null. */
export function matchMagic(head: Uint8Array): Magic | null {
  return MAGICS.find(({ hex }) => startsWithHex(head, hex)) ?? null;
}

function startsWithHex(head: Uint8Array, hex: string): boolean {
  if (head.length < hex.length / 2) return false;
  for (let i = 0; i < hex.length; i += 2) {
    if (head[i / 2] !== parseInt(hex.slice(i, i + 2), 16)) return false;
  }
  return true;
}

/** Whether a 512-byte block is a tar header: its checksum field counts its own bytes (spaces in the field's place). */
export function isTarHeader(head: Uint8Array): boolean {
  if (head.length < 512) return false;
  const field = String.fromCharCode(...head.subarray(148, 156))
    .replace(/[\0 ]+$/, '')
    .trim();
  if (!/^[0-7]{1,8}$/.test(field)) return false;
  let sum = 8 * 32;
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += head[i] ?? 0;
  return sum === parseInt(field, 8);
}

/** The legacy torch.save magic number, as a protocol-2 pickle of an integer (torch/serialization.py, MAGIC_NUMBER). */
const TORCH_LEGACY_HEX = '80028a0a6cfc9c46f9206aa85019';

/** Whether the file begins as a legacy `torch.save` stream does. */
export function isTorchLegacy(head: Uint8Array): boolean {
  return startsWithHex(head, TORCH_LEGACY_HEX);
}

/** Whether the file begins as a pickle does: PROTO 2-5, or protocol 0/1's usual first instructions. */
export function isPickleStart(head: Uint8Array): boolean {
  if (head[0] === 0x80 && (head[1] ?? 0) >= 1 && (head[1] ?? 0) <= 5 && head.length > 2) return true;
  const text = String.fromCharCode(...head.subarray(0, 256));
  return /^(?:c[\w.]+\n[\w.]+\n|\((?:dp|lp|i[\w.]+\n)|\(?[\]}]q[^\w\s]|\(c[\w.]+\n[\w.]+\n)/.test(text);
}

/** Whether the file begins as an ONNX ModelProto does: ir_version, then a field that fits. */
export function isOnnxStart(head: Uint8Array, sizeBytes: number): boolean {
  const version = head[1] ?? 0;
  if (head[0] !== 0x08 || version === 0 || version > 0x20) return false;
  // producer_name (2), producer_version (3), domain (4) are short texts; graph (7) is almost the whole file.
  const tag = head[2] ?? 0;
  // An empty text is written by some; Core ML's models have a message here.
  if (tag === 0x12 || tag === 0x1a || tag === 0x22)
    return sizeBytes > 4 + (head[3] ?? 0) && (head[3] === 0 || fieldText(head, 2, tag >> 3) !== null);
  return tag === 0x3a && sizeBytes > 8;
}
