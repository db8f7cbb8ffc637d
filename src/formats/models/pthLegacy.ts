import { StudioError } from '../../protocol/errors';
import { type InputFile, readRange } from '../input';
import { modelFromArchive, type PthArchive } from './pthArchive';
import { resolvePersistentId } from './pthStorage';
import { unpickleAt } from './pickle';
import { BYTES_PER_ELEMENT } from './pickleTensor';
import { type PickleValue, StorageRef } from './pickleValues';
import type { ModelFormat } from './modelFormat';
import type { DType, ModelFile } from './stateDict';

/** torch/serialization.py, MAGIC_NUMBER and PROTOCOL_VERSION. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** The pickles lie before the raw storages; they are read with a window that grows until they fit. */
const FIRST_WINDOW_BYTES = 2 ** 20;
const MAX_WINDOW_BYTES = 256 * 2 ** 20;
/** Far above any network; each costs one small read. */
const MAX_STORAGES = 100_000;

interface LegacyHeader {
  readonly value: PickleValue;
  readonly opaque: readonly string[];
  readonly littleEndian: boolean;
  readonly keys: readonly string[];
  /** Element type of each storage, as the pickle's persistent ids name it. */
  readonly dtypes: ReadonlyMap<string, DType>;
  readonly end: number;
}

/**
 * Opens the stream that `torch.save` wrote before 1.6: five pickles (magic number, protocol, system facts, the
 * object, the storage keys), then for each key an int64 element count and the raw elements.
 */
export async function openPthLegacy(file: InputFile): Promise<PthArchive> {
  const header = await readHeader(file);
  const places = await locateStorages(file, header);
  return {
    value: header.value,
    opaque: header.opaque,
    storages: {
      littleEndian: header.littleEndian,
      read: async (ref, needed) => {
        const place = places.get(ref.key);
        if (place === undefined || place.bytes < needed) {
          throw malformed(
            file,
            place === undefined ? 'the data of a tensor is missing' : 'the data of a tensor is too short',
          );
        }
        return readRange(file.blob, place.start, place.start + needed);
      },
    },
  };
}

async function readHeader(file: InputFile): Promise<LegacyHeader> {
  for (let window = FIRST_WINDOW_BYTES; ; window *= 8) {
    const bytes = await readRange(file.blob, 0, Math.min(window, MAX_WINDOW_BYTES));
    try {
      return parseHeader(file, bytes);
    } catch (error) {
      const cut = error instanceof StudioError && error.code === 'file/truncated';
      if (!cut || bytes.length >= file.blob.size || window >= MAX_WINDOW_BYTES) throw error;
    }
  }
}

function parseHeader(file: InputFile, bytes: Uint8Array): LegacyHeader {
  const dtypes = new Map<string, DType>();
  const opaque: string[] = [];
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = unpickleAt(bytes, at, {
      name: file.path,
      onOpaque: (name) => opaque.push(name),
      persistentLoad: (id) => {
        const ref = resolvePersistentId(id, file.path);
        if (ref instanceof StorageRef) dtypes.set(ref.key, ref.dtype);
        return ref;
      },
    });
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw malformed(file, 'its magic number is wrong');
  if (next() !== PROTOCOL) throw malformed(file, 'its protocol version is unknown');
  const system = next();
  const value = next();
  const keys = next();
  if (!Array.isArray(keys) || keys.length > MAX_STORAGES || !keys.every((key) => typeof key === 'string'))
    throw malformed(file, 'its list of data is unreadable');
  const littleEndian = !(system instanceof Map && system.get('little_endian') === false);
  return { value, opaque, littleEndian, keys, dtypes, end: at };
}

async function locateStorages(
  file: InputFile,
  header: LegacyHeader,
): Promise<Map<string, { start: number; bytes: number }>> {
  const places = new Map<string, { start: number; bytes: number }>();
  let at = header.end;
  for (const key of header.keys) {
    const dtype = header.dtypes.get(key);
    if (dtype === undefined) throw malformed(file, 'it holds data that no tensor uses');
    const count = await readRange(file.blob, at, at + 8);
    if (count.length < 8) throw cutOff(file);
    const numel = Number(new DataView(count.buffer).getBigInt64(0, header.littleEndian));
    const bytes = numel * BYTES_PER_ELEMENT[dtype];
    if (numel < 0) throw malformed(file, 'the data of a tensor has a negative length');
    at += 8;
    if (bytes > file.blob.size - at) throw cutOff(file);
    places.set(key, { start: at, bytes });
    at += bytes;
  }
  return places;
}

function malformed(file: InputFile, reason: string): StudioError {
  return new StudioError('format/malformed', `${file.path} is a damaged PyTorch file: ${reason}.`, {
    subject: file.path,
  });
}

function cutOff(file: InputFile): StudioError {
  return new StudioError(
    'file/truncated',
    `${file.path} is cut off: its last tensors are missing. Download or copy it again.`,
    {
      subject: file.path,
    },
  );
}

async function read(file: InputFile): Promise<ModelFile> {
  return modelFromArchive(file, await openPthLegacy(file), 'pth-legacy');
}

/** `.pth`/`.pt` as torch.save wrote it before 1.6, and still does on request. */
export const pthLegacy: ModelFormat = {
  id: 'pth-legacy',
  label: 'PyTorch before 1.6 (.pth, .pt)',
  matches: (sniffed) => sniffed.kind === 'pth-legacy',
  read,
};
