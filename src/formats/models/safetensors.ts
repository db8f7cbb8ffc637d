import { StudioError } from '../../protocol/errors';
import { type InputFile, readRange } from '../input';
import { decodeElements } from './elements';
import { BYTES_PER_ELEMENT, elementCount } from './pickleTensor';
import { withoutPrefix } from './keyPrefix';
import type { ModelFormat } from './modelFormat';
import type { DType, ModelFile, StateTensor } from './stateDict';

/** The format's own cap on its JSON header; a model of 10,000 tensors needs about 1 MB. */
const MAX_HEADER_BYTES = 100_000_000;
const MAX_METADATA_TEXT = 1000;

/** safetensors' element type names and ours. */
export const SAFETENSORS_DTYPES: Readonly<Record<string, DType>> = {
  F64: 'float64', F32: 'float32', F16: 'float16', BF16: 'bfloat16', I64: 'int64', I32: 'int32', I16: 'int16', I8: 'int8',
  U8: 'uint8', BOOL: 'bool',
}; // prettier-ignore

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `.safetensors` file: an 8-byte header length, a JSON header of `{name: {dtype, shape, data_offsets}}` and
 * the raw little-endian tensors, which must cover the rest of the file without holes or overlaps.
 */
async function read(file: InputFile): Promise<ModelFile> {
  const { header, dataStart } = await readHeader(file);
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name !== '__metadata__') entries.push(parseEntry(file, name, value));
  }
  if (entries.length === 0)
    throw new StudioError('file/foreign', `${file.path} holds no tensors.`, { subject: file.path });
  checkCover(file, entries, file.blob.size - dataStart);
  const state = new Map<string, StateTensor>();
  for (const { name, dtype, shape, start, end } of entries) {
    const bytes = await readRange(file.blob, dataStart + start, dataStart + end);
    const data = decodeElements(bytes, dtype);
    if (data === null) {
      throw new StudioError('format/unsupported', `${file.path} holds an integer beyond 2^53 in ${name}.`, {
        subject: file.path,
      });
    }
    state.set(name, { dtype, shape, data });
  }
  return {
    format: 'safetensors',
    state: withoutPrefix(state),
    opaque: [],
    metadata: readMetadata(header['__metadata__']),
  };
}

async function readHeader(file: InputFile): Promise<{ header: Record<string, unknown>; dataStart: number }> {
  const lead = await readRange(file.blob, 0, 8);
  if (lead.length < 8) throw cutOff(file);
  const length = Number(new DataView(lead.buffer).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw malformed(file, 'its header is impossibly long');
  if (8 + length > file.blob.size) throw cutOff(file);
  const bytes = await readRange(file.blob, 8, 8 + length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(file, 'its header is not JSON', cause);
  }
  if (!isRecord(header)) throw malformed(file, 'its header is not a table');
  return { header, dataStart: 8 + length };
}

function parseEntry(file: InputFile, name: string, value: unknown): Entry {
  const { dtype: code, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  if (typeof code !== 'string' || !isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw malformed(file, `the entry of tensor ${clip(name)} is unreadable`);
  }
  const dtype = Object.hasOwn(SAFETENSORS_DTYPES, code) ? SAFETENSORS_DTYPES[code] : undefined;
  if (dtype === undefined) {
    throw new StudioError(
      'format/unsupported',
      `${file.path} holds tensor ${clip(name)} of element type ${clip(code)}, which is not supported.`,
      {
        subject: file.path,
      },
    );
  }
  const [start = 0, end = 0] = offsets;
  const count = elementCount(shape);
  if (count === null || end - start !== count * BYTES_PER_ELEMENT[dtype]) {
    throw malformed(
      file,
      `tensor ${clip(name)} of shape [${shape.slice(0, 8).join(', ')}] does not match its bytes`,
    );
  }
  return { name, dtype, shape, start, end };
}

/** Every byte of data belongs to exactly one tensor, as the format demands. */
function checkCover(file: InputFile, entries: readonly Entry[], dataBytes: number): void {
  let covered = 0;
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (end > dataBytes) throw cutOff(file);
    if (start !== covered) {
      throw malformed(
        file,
        `tensor ${clip(name)} ${start < covered ? 'overlaps another' : 'leaves a gap before it'}`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes)
    throw malformed(file, `${dataBytes - covered} bytes at its end belong to no tensor`);
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value)
      .filter((pair): pair is [string, string] => typeof pair[1] === 'string')
      .map(([key, text]) => [key, text.slice(0, MAX_METADATA_TEXT)]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= 64 &&
    value.every((item) => Number.isSafeInteger(item) && item >= 0)
  );
}

function clip(name: string): string {
  return name.length > 80 ? `${name.slice(0, 79)}…` : name;
}

function malformed(file: InputFile, reason: string, cause?: unknown): StudioError {
  return new StudioError('format/malformed', `${file.path} is not a readable safetensors file: ${reason}.`, {
    subject: file.path,
    cause,
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

/** Hugging Face's safetensors. */
export const safetensors: ModelFormat = {
  id: 'safetensors',
  label: 'safetensors',
  matches: (sniffed) => sniffed.kind === 'safetensors',
  read,
};
