import fc from 'fast-check';
import { RandomStream } from '../../src/data/random';
import { damageOf } from '../setup/damagedBytes';

/** A file that was changed, and what was done to it, so that a failure can be told and repeated. */
export interface Mutated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly what: string;
}

/** Part of the stream's key: no other use of the project's generator has it. */
const FUZZ = 90;
/** What a damaged or hostile length field says: none, one, the largest of each width, and the signed ones' ends. */
const EXTREMES = [
  0n, 1n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0xffffn, 0x10000n, 0xffffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn,
  2n ** 40n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n,
] as const; // prettier-ignore
/** The same in text: JSON, numpy's and PNM's headers, tar's octal fields, protocol 0 of pickle. */
const NUMBERS = [
  '0',
  '-1',
  '65535',
  '4294967296',
  '1099511627776',
  '9223372036854775807',
  '1e308',
  '77777777777',
];
/** Repeated chunks add no more than this. */
const MAX_GROWTH_BYTES = 256 * 1024;

type Mutation = (bytes: Uint8Array<ArrayBuffer>, draw: RandomStream, donor: Uint8Array) => Mutated;

/** A place in the file: headers and tables lie at its ends, so half of the changes do as well. */
function place(draw: RandomStream, length: number): number {
  const edge = Math.min(256, length);
  switch (draw.below(4)) {
    case 0:
      return draw.below(edge);
    case 1:
      return length - 1 - draw.below(edge);
    default:
      return draw.below(length);
  }
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const cut: Mutation = (bytes, draw) => {
  const length = place(draw, bytes.length);
  return { bytes: bytes.slice(0, length), what: `cut to ${length} of ${bytes.length} bytes` };
};

const flips: Mutation = (bytes, draw) => {
  const places = Array.from({ length: 1 + draw.below(12) }, () => place(draw, bytes.length));
  for (const at of places) bytes[at] = (bytes[at] ?? 0) ^ (1 << draw.below(8));
  return { bytes, what: `bits flipped at ${places.join(', ')}` };
};

const splice: Mutation = (bytes, draw, donor) => {
  const from = place(draw, donor.length);
  const part = donor.subarray(from, from + 1 + draw.below(512));
  const at = place(draw, bytes.length);
  const rest = at + (draw.below(2) === 0 ? 0 : part.length);
  return {
    bytes: joined(bytes.subarray(0, at), part, bytes.subarray(Math.min(rest, bytes.length))),
    what: `${part.length} bytes from ${from} of another file put at ${at}`,
  };
};

const extreme: Mutation = (bytes, draw) => {
  const width = [1, 2, 4, 8][draw.below(4)] ?? 1;
  const value = EXTREMES[draw.below(EXTREMES.length)] ?? 0n;
  const little = draw.below(2) === 0;
  const at = place(draw, bytes.length);
  for (let i = 0; i < width && at + i < bytes.length; i++)
    bytes[at + i] = Number((value >> BigInt(8 * (little ? i : width - 1 - i))) & 0xffn);
  return { bytes, what: `${width} bytes at ${at} set to ${value} (${little ? 'little' : 'big'}-endian)` };
};

const repeat: Mutation = (bytes, draw) => {
  const at = place(draw, bytes.length);
  const part = bytes.slice(at, at + 1 + draw.below(256));
  const times = 1 + draw.below(Math.min(2000, Math.floor(MAX_GROWTH_BYTES / part.length)));
  const copies = Array.from({ length: times }, () => part);
  return {
    bytes: joined(bytes.subarray(0, at), ...copies, bytes.subarray(at)),
    what: `${part.length} bytes at ${at} repeated ${times} times`,
  };
};

const drop: Mutation = (bytes, draw) => {
  const at = place(draw, bytes.length);
  const length = 1 + draw.below(128);
  return {
    bytes: joined(bytes.subarray(0, at), bytes.subarray(Math.min(at + length, bytes.length))),
    what: `${length} bytes at ${at} left out`,
  };
};

const number: Mutation = (bytes, draw, donor) => {
  const text = new TextDecoder('latin1').decode(bytes);
  const runs = [...text.matchAll(/-?\d+/g)];
  const run = runs[draw.below(Math.max(1, runs.length))];
  if (run === undefined) return flips(bytes, draw, donor);
  const value = NUMBERS[draw.below(NUMBERS.length)] ?? '0';
  const after = bytes.subarray(run.index + run[0].length);
  return {
    bytes: joined(bytes.subarray(0, run.index), new TextEncoder().encode(value), after),
    what: `the number ${run[0].slice(0, 20)} at ${run.index} set to ${value}`,
  };
};

const fastCheck: Mutation = (bytes, draw) => {
  const seed = draw.below(2 ** 31);
  const [damaged = bytes] = fc.sample(damageOf(bytes, 200), { seed, numRuns: 1 });
  return { bytes: damaged, what: `fast-check's damageOf with seed ${seed}` };
};

const MUTATIONS: readonly Mutation[] = [
  cut,
  flips,
  splice,
  extreme,
  extreme,
  repeat,
  drop,
  number,
  fastCheck,
];

/**
 * A copy of `bytes` with one to three changes, the same for the same seed: cuts, flipped bits, parts of `donor`, length fields and
 * numbers set to extremes, repeated and missing chunks, and fast-check's own.
 */
export function mutate(bytes: Uint8Array, donor: Uint8Array, seed: number): Mutated {
  const draw = new RandomStream(seed, FUZZ);
  const changes = 1 + (draw.below(3) === 0 ? draw.below(3) : 0);
  let current = Uint8Array.from(bytes);
  const said: string[] = [];
  for (let i = 0; i < changes && current.length > 0; i++) {
    const made = (MUTATIONS[draw.below(MUTATIONS.length)] ?? cut)(current, draw, donor);
    current = made.bytes;
    said.push(made.what);
  }
  return { bytes: current, what: said.join('; then ') };
}
