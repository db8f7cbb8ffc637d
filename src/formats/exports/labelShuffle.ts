import { StudioError } from '../../protocol/errors';
import { type InputFile, readRange } from '../input';
import { arrayTensor, loadTensors } from '../models/materialise';
import { NdArray, TensorRef } from '../models/pickleValues';
import { openPthLegacy } from '../models/pthLegacy';
import { openPthZip } from '../models/pthZip';
import { foreignError, sniff } from '../sniff';
import { PickleWriter } from './pickleWriter';
import { writeStoredZip } from './storedZip';

const WANTED = 'a label map (label_map.json or label_shuffle.pth)';
/** ImageNet-21k has 21,841 classes. */
const MAX_CLASSES = 100_000;
const MAX_JSON_BYTES = 4 * 2 ** 20;

/**
 * `label_shuffle.pth` as the official code writes and reads it (METHODS 1.3): `torch.save` of a numpy int64 array,
 * whose j-th entry is the label that victim class j stands for.
 */
export function writeLabelShuffle(map: readonly number[]): Uint8Array<ArrayBuffer> {
  checkPermutation(map, 'The label map');
  const bytes = new DataView(new ArrayBuffer(8 * map.length));
  map.forEach((label, i) => bytes.setBigInt64(8 * i, BigInt(label), true));
  const pickle = new PickleWriter();
  pickle.global('numpy.core.multiarray', '_reconstruct').put(0).global('numpy', 'ndarray').put(1);
  pickle.intTuple([0]).put(2).global('_codecs', 'encode').put(3).text('b').put(4).text('latin1').put(5);
  pickle
    .code(0x86)
    .put(6)
    .op('R')
    .put(7)
    .code(0x87)
    .put(8)
    .op('R')
    .put(9)
    .op('(')
    .int(1)
    .intTuple([map.length])
    .put(10);
  pickle.global('numpy', 'dtype').put(11).text('i8').put(12).code(0x89, 0x88, 0x87).put(13).op('R').put(14);
  pickle.op('(').int(3).text('<').put(15).op('NNN').int(-1).int(-1).int(0).op('t').put(16).op('b').code(0x89);
  // Protocol 2 has no bytes: one character a byte, turned back by _codecs.encode(text, 'latin1').
  const text = Array.from(new Uint8Array(bytes.buffer), (byte) => String.fromCharCode(byte)).join('');
  pickle.get(3).text(text).put(17).get(5).code(0x86).put(18).op('R').put(19).op('t').put(20).op('b');
  return writeStoredZip([
    { name: 'label_shuffle/data.pkl', bytes: pickle.finish() },
    { name: 'label_shuffle/version', bytes: new TextEncoder().encode('3\n') },
  ]);
}

/** `label_map.json`: the same array as JSON. */
export function writeLabelMapJson(map: readonly number[]): string {
  checkPermutation(map, 'The label map');
  return `${JSON.stringify(map)}\n`;
}

/**
 * Reads `label_map.json` or `label_shuffle.pth` (a numpy array, tensor or list of integers) and checks that it is a
 * permutation of 0..K-1. Throws `map/not-a-permutation`, or what the file really is.
 */
export async function readLabelMap(file: InputFile): Promise<number[]> {
  const sniffed = await sniff(file);
  if (sniffed.truncated) throw foreignError(file, sniffed, WANTED);
  switch (sniffed.kind) {
    case 'json':
      return checkPermutation(await readJson(file), file.path);
    case 'pth-zip':
    case 'pth-legacy':
      return checkPermutation(await readTorch(file, sniffed.kind), file.path);
    default:
      throw foreignError(file, sniffed, WANTED);
  }
}

async function readJson(file: InputFile): Promise<unknown> {
  if (file.blob.size > MAX_JSON_BYTES) throw notAMap(file.path, 'is far too long for one');
  try {
    return JSON.parse(new TextDecoder().decode(await readRange(file.blob, 0, file.blob.size)));
  } catch (cause) {
    throw new StudioError('format/malformed', `${file.path} is not valid JSON.`, {
      subject: file.path,
      cause,
    });
  }
}

async function readTorch(file: InputFile, kind: 'pth-zip' | 'pth-legacy'): Promise<unknown> {
  const { value, storages } = await (kind === 'pth-zip' ? openPthZip(file) : openPthLegacy(file));
  if (value instanceof NdArray) {
    if (value.shape.length !== 1) throw notAMap(file.path, 'is not a list');
    return [...arrayTensor(value, file.path, 'the label map').data];
  }
  if (value instanceof TensorRef) {
    if (value.shape.length !== 1) throw notAMap(file.path, 'is not a list');
    const size = { name: file.path, sizeBytes: file.blob.size };
    const loaded = await loadTensors(new Map([['map', value]]), storages, size);
    return [...(loaded.get('map')?.data ?? [])];
  }
  return value;
}

/** The map itself where it is a permutation of 0..K-1 with at least two classes; else `map/not-a-permutation`. */
function checkPermutation(map: unknown, subject: string): number[] {
  if (!Array.isArray(map)) throw notAMap(subject, 'is not a list of labels');
  if (map.length < 2 || map.length > MAX_CLASSES) throw notAMap(subject, `has ${map.length} entries`);
  const labels: number[] = [];
  const seen = new Set<number>();
  for (const label of map) {
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label >= map.length) {
      throw notAMap(subject, `has an entry that is no class of 0 to ${map.length - 1}`);
    }
    if (seen.has(label)) throw notAMap(subject, `names class ${label} twice`);
    seen.add(label);
    labels.push(label);
  }
  return labels;
}

function notAMap(subject: string, reason: string): StudioError {
  return new StudioError(
    'map/not-a-permutation',
    `${subject} is not a permutation of the classes: it ${reason}.`,
    { subject },
  );
}
