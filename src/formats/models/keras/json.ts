/** Parsed JSON of a stranger's making. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** A JSON object. */
export type JsonObject = { readonly [key: string]: Json };

/** JSON nested deeper than this is no network's description. */
const MAX_DEPTH = 200;

/** Whether brackets nest more deeply than any description of a network does; strings are skipped. */
export function tooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (quoted) {
      if (character === '\\') i += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '{' || character === '[') {
      if (++depth > MAX_DEPTH) return true;
    } else if (character === '}' || character === ']') depth -= 1;
  }
  return false;
}

/** The text as JSON; null where it is none, or nests absurdly. Python's Infinity and NaN, which Keras may write, are null. */
export function parseJson(text: string): Json {
  if (tooDeep(text)) return null;
  const plain = text.replace(/\0+$/, '');
  try {
    return JSON.parse(plain) as Json;
  } catch {
    try {
      return JSON.parse(plain.replace(/([[,:]\s*)-?(?:Infinity|NaN)(?=\s*[\],}])/g, '$1null')) as Json;
    } catch {
      return null;
    }
  }
}

/** An object, or null for anything else. */
export function asObject(value: Json | undefined): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** A list, or null for anything else. */
export function asList(value: Json | undefined): readonly Json[] | null {
  return Array.isArray(value) ? (value as readonly Json[]) : null;
}

/** A text, or null for anything else. */
export function asText(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** A finite number, or null for anything else. */
export function asNumber(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
