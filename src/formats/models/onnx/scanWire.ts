import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** Deeper than any exporter nests: a model, its graph, a node, an attribute, a tensor, with a few subgraphs between. */
export const MAX_DEPTH = 32;
/** Each message becomes an object of some hundred bytes, whatever it takes in the file. */
export const MAX_MESSAGES = 2_000_000;
/** Numbers that are not stored raw become JavaScript numbers, and 64-bit ones BigInts of some 32 bytes. */
export const MAX_WIDE_NUMBERS = 8_000_000;
export const MAX_NUMBERS = 128_000_000;

/** Why a file is refused before anything of it is made. */
export class WireLimit extends Error {
  override readonly name = 'WireLimit';
}

/**
 * Walks an encoded message without making anything of it, so that a small file cannot ask for a lot of memory.
 * @throws WireLimit for a message too deep or of too many parts; Error where the encoding is broken.
 */
export function scanWire(message: DescMessage, bytes: Uint8Array): void {
  const budget = { messages: MAX_MESSAGES, wide: MAX_WIDE_NUMBERS, numbers: MAX_NUMBERS };
  const take = (kind: keyof typeof budget, count: number): void => {
    budget[kind] -= count;
    if (budget[kind] < 0) throw new WireLimit(`it has too many ${kind === 'messages' ? 'parts' : 'numbers'}`);
  };
  const fieldsOf = new Map<DescMessage, ReadonlyMap<number, DescField>>();
  const visit = (desc: DescMessage, part: Uint8Array, depth: number): void => {
    if (depth > MAX_DEPTH) throw new WireLimit('its parts are nested too deep');
    let fields = fieldsOf.get(desc);
    if (!fields) {
      fields = new Map(desc.fields.map((field) => [field.number, field]));
      fieldsOf.set(desc, fields);
    }
    const reader = new BinaryReader(part);
    while (reader.pos < reader.len) {
      const [number, wire] = reader.tag();
      const field = fields.get(number);
      // skip() would follow groups, which the schema does not use.
      if (wire === WireType.StartGroup || wire === WireType.EndGroup) throw new WireLimit('it uses groups');
      if (wire !== WireType.LengthDelimited) {
        reader.skip(wire, number);
        take(isWide(field) ? 'wide' : 'numbers', 1);
        continue;
      }
      const content = reader.bytes();
      const inner = field?.fieldKind === 'message' || field?.fieldKind === 'list' ? field.message : undefined;
      if (inner) {
        take('messages', 1);
        visit(inner, content, depth + 1);
      } else if (field?.fieldKind === 'list') {
        if (isText(field)) take('messages', 1);
        // A packed number takes a byte at least.
        else take(isWide(field) ? 'wide' : 'numbers', content.length);
      }
    }
  };
  visit(message, bytes, 0);
}

function isText(field: DescField): boolean {
  return field.scalar === ScalarType.STRING || field.scalar === ScalarType.BYTES;
}

function isWide(field: DescField | undefined): boolean {
  if (field?.fieldKind !== 'list') return false;
  return field.scalar === ScalarType.INT64 || field.scalar === ScalarType.UINT64;
}
