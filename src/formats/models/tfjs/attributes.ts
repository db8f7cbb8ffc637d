import { asList, asNumber, asObject, asText, type Json, type JsonObject } from '../keras/json';

/** A node's attributes as TensorFlow's JSON has them: numbers as texts, texts as base64. */
export class Attributes {
  constructor(private readonly values: JsonObject) {}

  /** A text; null where there is none. */
  text(name: string): string | null {
    return decodeText(asObject(this.values[name])?.['s']);
  }

  /** A list of texts; empty where there is none. */
  texts(name: string): readonly string[] {
    return this.list(name, 's').flatMap((value) => decodeText(value) ?? []);
  }

  /** A list of whole numbers; empty where there is none. */
  integers(name: string): readonly number[] {
    return this.list(name, 'i').map(toNumber);
  }

  integer(name: string, otherwise: number): number {
    const value = asObject(this.values[name])?.['i'];
    return value === undefined ? otherwise : toNumber(value);
  }

  float(name: string, otherwise: number): number {
    return asNumber(asObject(this.values[name])?.['f']) ?? otherwise;
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = asObject(this.values[name])?.['b'];
    return typeof value === 'boolean' ? value : otherwise;
  }

  /** A tensor's shape, -1 for an open side; null where there is none. */
  shape(name: string): readonly number[] | null {
    const dims = asList(asObject(asObject(this.values[name])?.['shape'])?.['dim']);
    return dims?.map((dim) => toNumber(asObject(dim)?.['size'] ?? -1)) ?? null;
  }

  private list(name: string, kind: 's' | 'i'): readonly Json[] {
    return asList(asObject(asObject(this.values[name])?.['list'])?.[kind]) ?? [];
  }
}

function toNumber(value: Json): number {
  const number = typeof value === 'string' ? Number(value) : (asNumber(value) ?? NaN);
  return Number.isFinite(number) ? number : NaN;
}

/** Base64 as the converter writes it, or a list of bytes. */
function decodeText(value: Json | undefined): string | null {
  const text = asText(value);
  if (text !== null) {
    try {
      return atob(text);
    } catch {
      return text;
    }
  }
  const bytes = asList(value)?.map((byte) => asNumber(byte) ?? 0);
  return bytes === undefined ? null : String.fromCharCode(...bytes.slice(0, 1024));
}
