import { StudioError } from '../protocol/errors';
import { readIdxHeader } from './datasets/idx';
import { foreignKind } from './foreignKinds';
import { type InputFile, readRange } from './input';
import {
  isOnnxStart,
  isPickleStart,
  isTarHeader,
  isTorchLegacy,
  matchMagic,
  type SniffedKind,
} from './magic';

export type { SniffedKind } from './magic';

/** What a file is by its content. */
export interface Sniffed {
  readonly kind: SniffedKind;
  /** Completes "it is ...", e.g. `a PNG image`, `an HTML page`. */
  readonly says: string;
  /** True where the kind is clear and its end is missing. */
  readonly truncated: boolean;
  readonly sizeBytes: number;
}

/** Enough for every signature, a tar header and the first name of a zip. */
const HEAD_BYTES = 4096;
/** A zip's end record with the longest comment, and what of its directory lies before it. */
const TAIL_BYTES = 66_000;
/** Records whose labels are looked at before a file counts as CIFAR binary. */
const CIFAR_PROBES = 16;
const CIFAR_LAYOUTS = [
  { recordBytes: 3073, labelBytes: 1, highest: [9] },
  { recordBytes: 3074, labelBytes: 2, highest: [19, 99] },
] as const;

/**
 * What a file is, by content first and by extension only where content is silent. Reads a few kilobytes from
 * head and tail, whatever the file's size. Throws `file/unreadable` where the bytes cannot be read at all.
 */
export async function sniff(file: InputFile): Promise<Sniffed> {
  const sizeBytes = file.blob.size;
  const found = (kind: SniffedKind, says: string, truncated = false): Sniffed => ({
    kind,
    says,
    truncated,
    sizeBytes,
  });
  if (sizeBytes === 0) return found('empty', 'empty');
  const head = await readOrExplain(file, 0, HEAD_BYTES);
  const magic = matchMagic(head);
  if (magic?.kind === 'zip') return sniffZip(file, head, found);
  if (magic !== null)
    return found(magic.kind, magic.says, magic.kind === 'hdf5' && isCutHdf5(head, sizeBytes));
  if (isTorchLegacy(head)) return found('pth-legacy', 'a PyTorch file (old stream format)');
  if (isTarHeader(head)) return found('tar', 'a tar archive');
  const text = sniffText(head);
  if (text !== null) return found(text.kind, text.says);
  const safetensors = sniffSafetensors(head, file);
  if (safetensors !== null) return found('safetensors', 'a safetensors file', safetensors.truncated);
  if (readIdxHeader(head)?.fileBytes === sizeBytes) return found('idx', 'an IDX file (as MNIST has them)');
  if (/^P[56]\s+(?:#[^\n]*\n\s*)*\d+\s/.test(asText(head.subarray(0, 512))))
    return found('pnm', 'a PNM image (.ppm or .pgm)');
  const foreign = foreignKind(head, sizeBytes);
  if (foreign !== null) return found('unknown', foreign);
  if (await isCifarBinary(file)) return found('cifar-binary', 'a CIFAR binary batch');
  if (isPickleStart(head)) return found('pickle', 'a Python pickle');
  if (isOnnxStart(head, sizeBytes)) return found('onnx', 'an ONNX model');
  if (/\.(?:csv|tsv)$/i.test(file.path) && isPlainText(head)) return found('csv', 'a table of text (.csv)');
  return byExtension(file.path, found, head);
}

type Found = (kind: SniffedKind, says: string, truncated?: boolean) => Sniffed;

async function readOrExplain(file: InputFile, start: number, end: number): Promise<Uint8Array> {
  try {
    return await readRange(file.blob, Math.max(0, start), end);
  } catch (cause) {
    throw new StudioError(
      'file/unreadable',
      `${file.path} cannot be read any more: was it moved or changed?`,
      {
        subject: file.path,
        cause,
      },
    );
  }
}

/** torch.save writes `NAME/data.pkl` first; re-zipped files have it in the directory at the end. */
async function sniffZip(file: InputFile, head: Uint8Array, found: Found): Promise<Sniffed> {
  const size = file.blob.size;
  const tail = await readOrExplain(file, size - TAIL_BYTES, size);
  const end = lastIndexOf(tail, [0x50, 0x4b, 0x05, 0x06]);
  const complete = end >= 0;
  const nameLength = (head[26] ?? 0) | ((head[27] ?? 0) << 8);
  const firstName = asText(head.subarray(30, 30 + nameLength));
  const names = `${firstName}\n${asText(complete ? directoryOf(tail, end) : tail)}`;
  if (/(?:^|\/)data\.pkl$/.test(firstName) || /[/\0]data\.pkl/.test(names)) {
    return found('pth-zip', 'a PyTorch file', !complete);
  }
  if (names.includes('model.weights.h5') && names.includes('config.json'))
    return found('keras-zip', 'a Keras model', !complete);
  if (/\.npy$/.test(firstName)) return found('npz', 'a numpy .npz archive', !complete);
  if (!complete && /\.npz$/i.test(file.path)) return found('npz', 'a numpy .npz archive', true);
  return found('zip', complete ? zipSays(names) : 'the beginning of a zip archive', !complete);
}

/** What a zip of no format that is read here is, from its names. */
function zipSays(names: string): string {
  if (/\[Content_Types\]\.xml/.test(names)) return 'an Office document';
  if (names.includes('AndroidManifest.xml')) return 'an Android program';
  if (names.includes('META-INF/MANIFEST.MF')) return 'a Java archive';
  if (names.includes('saved_model.pb')) return 'a zip archive with a TensorFlow SavedModel in it';
  const model = /([\w.-]+\.(?:onnx|pth|pt|safetensors|h5|keras))(?![\w.])/.exec(names)?.[1];
  return model === undefined ? 'a zip archive' : `a zip archive with ${model} in it; unpack it first`;
}

/** The directory in front of the end record: a stored archive inside the archive has names of its own. */
function directoryOf(tail: Uint8Array, end: number): Uint8Array {
  const size = new DataView(tail.buffer, tail.byteOffset).getUint32(
    Math.min(end + 12, tail.length - 4),
    true,
  );
  return tail.subarray(Math.max(0, end - size), end);
}

function lastIndexOf(bytes: Uint8Array, pattern: readonly number[]): number {
  for (let at = bytes.length - pattern.length; at >= 0; at--) {
    if (pattern.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** ASCII with everything else as U+FFFD or other letters: only for looking for names. */
function asText(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

function sniffText(head: Uint8Array): { kind: SniffedKind; says: string } | null {
  const text = asText(head)
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart();
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    return {
      kind: 'lfs-pointer',
      says: 'a Git LFS pointer, a few lines of text that stand for the real file',
    };
  }
  if (/^(?:<!--[\s\S]{0,500}?-->\s*)?<(?:!doctype html|html|head|body)\b/i.test(text)) {
    return { kind: 'html', says: 'an HTML page, such as a server sends in place of a missing download' };
  }
  if (/^<\?xml|^<Error>|^<svg\b|^<net\b/.test(text)) {
    const network = /<net\s[^>]*version=/.test(text);
    return {
      kind: 'unknown',
      says: network ? "an OpenVINO network's description; export the network as ONNX" : 'an XML document',
    };
  }
  if (/^[[{]\s*(?:["[{\]}\d-]|true|false|null)/.test(text) && isPlainText(head))
    return { kind: 'json', says: 'JSON text' };
  return null;
}

/** Three lines or more with as many commas, semicolons or tabs in each. */
function isTable(text: string): boolean {
  const lines = text.split(/\r?\n/).slice(0, 12);
  const whole = lines.slice(0, Math.max(2, lines.length - 1));
  return [',', ';', '\t'].some((mark) => {
    const [first = 0, ...rest] = whole.map((line) => line.split(mark).length);
    return first > 1 && rest.length >= 2 && rest.every((cells) => cells === first);
  });
}

/** The superblock says where the file ends (HDF5 File Format Specification 3.0, II.A; addresses of eight bytes). */
function isCutHdf5(head: Uint8Array, sizeBytes: number): boolean {
  const version = head[8] ?? 0;
  const at = version < 2 ? 40 : 28;
  const wide = version < 2 ? head[13] === 8 : head[9] === 8;
  if (!wide || version > 3 || head.length < at + 8) return false;
  return new DataView(head.buffer, head.byteOffset).getBigUint64(at, true) > BigInt(sizeBytes);
}

function isPlainText(head: Uint8Array): boolean {
  return head.every((byte) => byte >= 32 || byte === 9 || byte === 10 || byte === 13);
}

/** An 8-byte header length, then JSON. A header that passes the file's end means a cut-off file. */
function sniffSafetensors(head: Uint8Array, file: InputFile): { truncated: boolean } | null {
  if (head.length < 10 || head[8] !== 0x7b) return null;
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  // Beyond 2^32 the eight bytes are no length: the brace is there by chance.
  if (length < 2n || length > 2n ** 32n || !/^\{\s*["}]/.test(asText(head.subarray(8)))) return null;
  return { truncated: 8n + length > BigInt(file.blob.size) };
}

async function isCifarBinary(file: InputFile): Promise<boolean> {
  for (const { recordBytes, labelBytes, highest } of CIFAR_LAYOUTS) {
    const records = file.blob.size / recordBytes;
    if (!Number.isInteger(records)) continue;
    const probes = Math.min(records, CIFAR_PROBES);
    let fits = true;
    for (let i = 0; i < probes && fits; i++) {
      const at = Math.floor((i * records) / probes) * recordBytes;
      const labels = await readOrExplain(file, at, at + labelBytes);
      fits = highest.every((limit, k) => (labels[k] ?? 255) <= limit);
    }
    if (fits) return true;
  }
  return false;
}

const EXTENSIONS: readonly [RegExp, SniffedKind, string][] = [
  [/\.onnx$/i, 'onnx', 'named as an ONNX model'],
  [/\.pkl$|\.pickle$/i, 'pickle', 'named as a Python pickle'],
];

function byExtension(path: string, found: Found, head: Uint8Array): Sniffed {
  if (isPlainText(head))
    return found('unknown', isTable(asText(head)) ? 'a table of text (CSV)' : 'plain text');
  for (const [pattern, kind, says] of EXTENSIONS) if (pattern.test(path)) return found(kind, says);
  return found('unknown', 'of a kind the studio does not know');
}

/**
 * The error for a file that is not what was wanted: one sentence with the file's name and what it really is.
 * `wanted` completes "is not ...", e.g. `a PyTorch or safetensors model`.
 */
export function foreignError(file: InputFile, sniffed: Sniffed, wanted: string): StudioError {
  const subject = { subject: file.path };
  if (sniffed.kind === 'empty') {
    return new StudioError('file/empty', `${file.path} is empty (0 bytes), so it is not ${wanted}.`, subject);
  }
  if (sniffed.truncated) {
    return new StudioError(
      'file/truncated',
      `${file.path} is cut off: its end is missing. Download or copy it again.`,
      subject,
    );
  }
  if (sniffed.kind === 'lfs-pointer') {
    const advice = 'Fetch it with "git lfs pull" or from the download button.';
    return new StudioError(
      'file/foreign',
      `${file.path} is not ${wanted}: it is ${sniffed.says}. ${advice}`,
      subject,
    );
  }
  const known = sniffed.kind !== 'unknown' || sniffed.says.startsWith('a');
  return new StudioError(
    known ? 'file/foreign' : 'file/unrecognised',
    `${file.path} is not ${wanted}: it is ${sniffed.says}.`,
    subject,
  );
}
