import { type ErrorCode, StudioError } from '../../src/protocol/errors';
import { inputFile } from '../setup/inputFile';
import type { NamedBytes } from './files';
import type { FuzzedParser } from './fuzzedParser';
import { mutate } from './mutate';
import { PARSERS } from './parsers';
import { OverCap } from './watch';

/** How a reading ended. `fault`: neither a value nor an error of the kind that is promised. */
export interface Outcome {
  readonly code: ErrorCode | 'value';
  readonly fault: string | null;
  /** The HDF5 library has trapped so often that this process reads no more of them. */
  readonly worn: boolean;
}

/** One reading to be done. */
export interface FuzzCase {
  /** Parser's files and what was done to them, enough to make them again. */
  readonly what: string;
  readonly capBytes: number;
  readonly files: readonly NamedBytes[];
  read(): Promise<Outcome>;
}

/** Every code there is: the compiler holds this to the closed union. */
const CODES: Readonly<Record<ErrorCode, true>> = {
  'file/empty': true, 'file/unreadable': true, 'file/truncated': true, 'file/too-large': true, 'file/unrecognised': true,
  'file/foreign': true, 'file/unsafe-path': true, 'file/missing': true, 'format/unsupported': true, 'format/malformed': true,
  'format/forbidden-opcode': true, 'model/unknown-architecture': true, 'model/shape-mismatch': true, 'dataset/mixed-sizes': true,
  'dataset/no-images': true, 'dataset/bad-labels': true, 'dataset/decode-failed': true, 'experiment/too-large': true,
  'experiment/invalid': true,
  'experiment/unknown-key': true, 'experiment/batch-too-large': true, 'map/not-a-permutation': true, 'map/wrong-size': true,
  'trigger/invalid': true, 'gpu/unsupported': true, 'gpu/no-adapter': true, 'gpu/device-lost': true, 'gpu/error': true,
  'gpu/out-of-memory': true, 'blackbox/not-allowed': true, 'blackbox/unreachable': true, 'blackbox/bad-answer': true,
  'train/non-finite-loss': true, 'train/checkpoint-mismatch': true, 'worker/crashed': true, 'worker/busy': true,
  'worker/nothing-loaded': true, 'storage/unavailable': true, 'storage/quota': true, 'storage/corrupt': true, aborted: true,
  internal: true,
}; // prettier-ignore

/** Longest message that a person is shown. */
const MAX_MESSAGE = 600;

/** The parser of that name. */
export function parserNamed(name: string): FuzzedParser {
  const parser = PARSERS.find((one) => one.name === name);
  if (parser === undefined) throw new Error(`There is no parser named ${name}.`);
  return parser;
}

/** Reads the undamaged files, so that libraries are loaded before memory is measured. */
export async function warmUp(parser: FuzzedParser): Promise<void> {
  for (const set of await parser.seeds())
    await outcomeOf(
      parser,
      set.map((file) => parser.finish?.(file, 0) ?? file),
    );
}

/** The case of a number: a hostile file made by hand (-1, -2, ...), or damage by that seed. */
export async function fuzzCase(parser: FuzzedParser, id: number): Promise<FuzzCase> {
  const { files, what } = id < 0 ? hostile(parser, id) : await damaged(parser, id);
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  return {
    what,
    capBytes: parser.cap.fixedMiB * 2 ** 20 + parser.cap.timesFile * bytes,
    files,
    read: () => outcomeOf(parser, files),
  };
}

interface MadeFiles {
  readonly files: readonly NamedBytes[];
  readonly what: string;
}

function hostile(parser: FuzzedParser, id: number): MadeFiles {
  const made = parser.hostile?.[-1 - id];
  if (made === undefined) throw new Error(`${parser.name} has no hostile file ${-id}.`);
  return { files: made.make(), what: made.what };
}

async function damaged(parser: FuzzedParser, seed: number): Promise<MadeFiles> {
  const sets = await parser.seeds();
  const set = sets[seed % sets.length] ?? [];
  const donors = sets[(seed * 7 + 3) % sets.length] ?? [];
  const turn = Math.floor(seed / sets.length) % Math.min(set.length, parser.damaged ?? Infinity);
  const [file, donor] = [set[turn], donors[seed % donors.length]];
  if (file === undefined || donor === undefined) throw new Error(`${parser.name} has no files.`);
  const { bytes, what } = mutate(file.bytes, donor.bytes, seed);
  const changed = { path: file.path, bytes };
  const finished = set
    .map((one) => (one === file ? changed : one))
    .map((one) => parser.finish?.(one, seed) ?? one);
  return { files: finished, what: `${file.path}: ${what}` };
}

async function outcomeOf(parser: FuzzedParser, files: readonly NamedBytes[]): Promise<Outcome> {
  try {
    await parser.read(files.map(({ path, bytes }) => inputFile(path, bytes)));
    return { code: 'value', fault: null, worn: false };
  } catch (thrown) {
    if (!(thrown instanceof StudioError)) return { code: 'internal', fault: told(thrown), worn: false };
    const { code, message } = thrown;
    const worn = message.includes('stopped the HDF5 reader');
    return { code, fault: worn ? null : faultOf(thrown), worn };
  }
}

/** What is wrong with an error of the right class; null for nothing. */
function faultOf(error: StudioError): string | null {
  const { code, message, cause } = error;
  if (!Object.hasOwn(CODES, code)) return `the code ${code} is not in the union`;
  // `file/unreadable` is what readers say where something else than a StudioError was thrown inside.
  if (code === 'internal' || code === 'file/unreadable') return `${code}: ${told(cause)}`;
  if (cause instanceof OverCap) return `over its cap, and then told as ${code}`;
  if (message.length > MAX_MESSAGE) return `a message of ${message.length} letters`;
  return null;
}

function told(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message).slice(0, 1200) : String(thrown);
}
