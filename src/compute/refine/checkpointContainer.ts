import type { DType, StateTensor } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';

/**
 * The container of checkpoints, which only this program reads: the length of a JSON header as uint32 little-endian, the
 * header padded with spaces to a multiple of 8, then the arrays as they are in memory (little-endian), each padded
 * to a multiple of 8 bytes.
 */
export interface ContainerTensor extends StateTensor {
  readonly name: string;
}

const ARRAYS = { Float32Array, Int32Array, Float64Array } as const;
type ArrayName = keyof typeof ARRAYS;

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly array: ArrayName;
  readonly length: number;
}

const LEAD = 8;
const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;

function arrayName(data: StateTensor['data']): ArrayName {
  if (data instanceof Float32Array) return 'Float32Array';
  return data instanceof Int32Array ? 'Int32Array' : 'Float64Array';
}

/** @param kind what the container holds, checked on reading; @param header anything JSON can carry. */
export function writeContainer(
  kind: string,
  header: Readonly<Record<string, unknown>>,
  tensors: readonly ContainerTensor[],
): Uint8Array<ArrayBuffer> {
  const entries = tensors.map(({ name, dtype, shape, data }): Entry => {
    return { name, dtype, shape, array: arrayName(data), length: data.length };
  });
  const json = new TextEncoder().encode(JSON.stringify({ kind, version: 1, header, entries }));
  const headerBytes = padded(json.length);
  const total = tensors.reduce((sum, { data }) => sum + padded(data.byteLength), LEAD + headerBytes);
  const bytes = new Uint8Array(total);
  new DataView(bytes.buffer).setUint32(0, headerBytes, true);
  bytes.fill(0x20, LEAD, LEAD + headerBytes);
  bytes.set(json, LEAD);
  let offset = LEAD + headerBytes;
  for (const { data } of tensors) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += padded(data.byteLength);
  }
  return bytes;
}

/** Reads what `writeContainer` wrote. Its arrays are copies. */
export class CheckpointReader {
  readonly header: Readonly<Record<string, unknown>>;
  private readonly entries: readonly Entry[];
  private readonly dataStart: number;

  /** @throws StudioError `storage/corrupt` for bytes that are cut off, of another kind, or not a container. */
  constructor(
    kind: string,
    private readonly bytes: Uint8Array,
  ) {
    if (bytes.length < LEAD) throw corrupt('it is cut off');
    const headerBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    this.dataStart = LEAD + headerBytes;
    if (this.dataStart > bytes.length) throw corrupt('it is cut off');
    let parsed: { kind?: unknown; version?: unknown; header?: Record<string, unknown>; entries?: Entry[] };
    try {
      parsed = JSON.parse(new TextDecoder().decode(bytes.subarray(LEAD, this.dataStart))) as typeof parsed;
    } catch (cause) {
      throw corrupt('its header is unreadable', cause);
    }
    if (parsed.kind !== kind || parsed.version !== 1 || !parsed.header || !Array.isArray(parsed.entries)) {
      throw corrupt(`it is not a ${kind} of version 1`);
    }
    this.header = parsed.header;
    this.entries = parsed.entries;
    const size = this.entries.reduce(
      (sum, entry) => sum + padded(entry.length * ARRAYS[entry.array].BYTES_PER_ELEMENT),
      this.dataStart,
    );
    if (size !== bytes.length) throw corrupt(`it has ${bytes.length} bytes and should have ${size}`);
  }

  tensors(): ContainerTensor[] {
    let offset = this.dataStart;
    return this.entries.map(({ name, dtype, shape, array, length }) => {
      const byteLength = length * ARRAYS[array].BYTES_PER_ELEMENT;
      const data = new ARRAYS[array](this.bytes.slice(offset, offset + byteLength).buffer);
      offset += padded(byteLength);
      return { name, dtype, shape, data };
    });
  }
}

function corrupt(reason: string, cause?: unknown): StudioError {
  return new StudioError('storage/corrupt', `The checkpoint is damaged: ${reason}.`, { cause });
}

/** JSON with sorted keys, so that the order in which a file lists its fields does not matter. */
export function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, entry: unknown) =>
      typeof entry === 'object' && entry !== null && !Array.isArray(entry)
        ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
        : entry,
    ) ?? 'absent'
  );
}
