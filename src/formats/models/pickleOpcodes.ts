import { latin1Text } from './latin1';
import type { PickleMachine } from './pickleMachine';
import type { PickleValue } from './pickleValues';

/** One opcode: reads its arguments from the machine's cursor and changes its stack. */
type Opcode = (m: PickleMachine) => void;

/**
 * Python 2 strings up to this length become text (one character a byte); longer ones are array data
 * (CIFAR-10's 30 MB of pixels) and stay bytes.
 */
const PY2_TEXT_BYTES = 4096;
/** Longest big integer. PyTorch's magic number has 10 bytes; longer ones only cost time. */
const MAX_LONG_BYTES = 256;

function long(bytes: Uint8Array): number | bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  value = BigInt.asIntN(8 * bytes.length, value);
  return plainInteger(value);
}

function plainInteger(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

function readLong(m: PickleMachine, count: number): void {
  if (count < 0 || count > MAX_LONG_BYTES) throw m.unsupported('it holds an integer of absurd length');
  m.push(count === 0 ? 0 : long(m.cursor.take(count)));
}

function py2String(m: PickleMachine, count: number): void {
  if (count < 0) throw m.malformed('a string has a negative length');
  const bytes = m.cursor.take(count);
  m.push(count <= PY2_TEXT_BYTES ? latin1Text(bytes) : bytes);
}

/** Protocol 0's decimal integers; `00` and `01` are its booleans, a trailing `L` its longs. */
function decimal(m: PickleMachine): void {
  const text = m.cursor.textLine();
  if (text === '00' || text === '01') return m.push(text === '01');
  if (!/^[+-]?\d{1,600}L?$/.test(text)) throw m.malformed('an integer is not a number');
  m.push(plainInteger(BigInt(text.replace(/^\+|L$/g, ''))));
}

function float(m: PickleMachine): void {
  const text = m.cursor.textLine().trim();
  const named: Readonly<Record<string, number>> = { inf: Infinity, '-inf': -Infinity, nan: NaN };
  const value = Object.hasOwn(named, text) ? (named[text] ?? NaN) : Number(text);
  if (text === '' || (Number.isNaN(value) && text !== 'nan')) throw m.malformed('a float is not a number');
  m.push(value);
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n', t: '\t', r: '\r', '0': '\0', a: '\x07', b: '\b', f: '\f', v: '\v',
}; // prettier-ignore

/** Protocol 0's quoted string: Python's repr of a byte string. */
function quoted(m: PickleMachine): void {
  const text = latin1Text(m.cursor.line());
  const quote = text[0];
  if (text.length < 2 || (quote !== "'" && quote !== '"') || text.at(-1) !== quote) {
    throw m.malformed('a string has no quotes');
  }
  m.push(
    text.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|.)/g, (_all, code: string) => {
      if (code.length === 3) return String.fromCharCode(parseInt(code.slice(1), 16));
      return Object.hasOwn(ESCAPES, code) ? (ESCAPES[code] ?? code) : code;
    }),
  );
}

/** Protocol 0's unicode: raw-unicode-escape. */
function unicodeLine(m: PickleMachine): void {
  const text = latin1Text(m.cursor.line());
  m.push(
    text.replace(
      /\\u([0-9a-fA-F]{4})|\\U(0010[0-9a-fA-F]{4}|000[0-9a-fA-F]{5})/g,
      (_all, four?: string, eight?: string) => String.fromCodePoint(parseInt(four ?? eight ?? '0', 16)),
    ),
  );
}

/** Opcodes that push a literal. */
const LITERALS: readonly [number | string, Opcode][] = [
  ['N', (m) => m.push(null)],
  [0x88, (m) => m.push(true)],
  [0x89, (m) => m.push(false)],
  ['I', decimal],
  ['L', decimal],
  ['F', float],
  ['J', (m) => m.push(m.cursor.i32())],
  ['K', (m) => m.push(m.cursor.u8())],
  ['M', (m) => m.push(m.cursor.u16())],
  ['G', (m) => m.push(m.cursor.f64())],
  [0x8a, (m) => readLong(m, m.cursor.u8())],
  [0x8b, (m) => readLong(m, m.cursor.i32())],
  ['S', quoted],
  ['T', (m) => py2String(m, m.cursor.i32())],
  ['U', (m) => py2String(m, m.cursor.u8())],
  ['V', unicodeLine],
  ['X', (m) => m.push(m.cursor.utf8(m.cursor.u32()))],
  [0x8c, (m) => m.push(m.cursor.utf8(m.cursor.u8()))],
  [0x8d, (m) => m.push(m.cursor.utf8(m.cursor.u64()))],
  ['C', (m) => m.push(m.cursor.take(m.cursor.u8()))],
  ['B', (m) => m.push(m.cursor.take(m.cursor.u32()))],
  [0x8e, (m) => m.push(m.cursor.take(m.cursor.u64()))],
  [0x96, (m) => m.push(m.cursor.take(m.cursor.u64()))],
];

function tupleOf(m: PickleMachine, count: number): void {
  const items: PickleValue[] = [];
  for (let i = 0; i < count; i++) items.unshift(m.pop());
  m.pushNew(items);
}

function addItems(m: PickleMachine): void {
  const items = m.popMark();
  const target = m.top();
  if (!(target instanceof Set)) throw m.malformed('it adds to something that is not a set');
  for (const item of items) target.add(item);
}

function dictFromMark(m: PickleMachine): void {
  const dict = new Map<PickleValue, PickleValue>();
  m.setItems(dict, m.popMark());
  m.pushNew(dict);
}

/** Opcodes that build and fill containers. */
const CONTAINERS: readonly [number | string, Opcode][] = [
  ['(', (m) => m.mark()],
  ['0', (m) => m.drop()],
  ['1', (m) => void m.popMark()],
  ['2', (m) => m.push(m.top())],
  [')', (m) => m.pushNew([])],
  [']', (m) => m.pushNew([])],
  ['}', (m) => m.pushNew(new Map())],
  [0x8f, (m) => m.pushNew(new Set())],
  ['t', (m) => m.pushNew(m.popMark())],
  ['l', (m) => m.pushNew(m.popMark())],
  ['d', dictFromMark],
  [0x85, (m) => tupleOf(m, 1)],
  [0x86, (m) => tupleOf(m, 2)],
  [0x87, (m) => tupleOf(m, 3)],
  [0x91, (m) => m.pushNew(new Set(m.popMark()))],
  ['a', (m) => { const item = m.pop(); m.append(m.top(), [item]); }],
  ['e', (m) => { const items = m.popMark(); m.append(m.top(), items); }],
  ['s', (m) => { const value = m.pop(); const key = m.pop(); m.setItems(m.top(), [key, value]); }],
  ['u', (m) => { const items = m.popMark(); m.setItems(m.top(), items); }],
  [0x90, addItems],
]; // prettier-ignore

function inst(m: PickleMachine): void {
  const func = m.global(m.cursor.textLine(), m.cursor.textLine());
  m.pushNew(m.call(func, m.popMark()));
}

function obj(m: PickleMachine): void {
  const [func, ...args] = m.popMark();
  m.pushNew(m.call(func ?? null, args));
}

function stackGlobal(m: PickleMachine): void {
  const name = m.pop();
  const module = m.pop();
  if (typeof name !== 'string' || typeof module !== 'string') throw m.malformed('a class has no name');
  m.pushNew(m.global(module, name));
}

function reduce(m: PickleMachine): void {
  const args = m.pop();
  m.pushNew(m.call(m.pop(), args));
}

function newObjectWithKeywords(m: PickleMachine): void {
  m.pop();
  reduce(m);
}

function refuseExtension(m: PickleMachine): void {
  throw m.unsupported('it uses the extension registry, whose meaning is not in the file');
}

function refuseBuffer(m: PickleMachine): void {
  throw m.unsupported('its data lies in a separate buffer');
}

/** Opcodes that name, call and remember objects. */
const OBJECTS: readonly [number | string, Opcode][] = [
  ['c', (m) => m.pushNew(m.global(m.cursor.textLine(), m.cursor.textLine()))],
  [0x93, stackGlobal],
  ['R', reduce],
  [0x81, reduce],
  [0x92, newObjectWithKeywords],
  ['i', inst],
  ['o', obj],
  ['b', (m) => { const state = m.pop(); m.build(m.top(), state); }],
  ['P', (m) => m.push(m.persistent(m.cursor.textLine()))],
  ['Q', (m) => m.push(m.persistent(m.pop()))],
  ['g', (m) => m.get(Number(m.cursor.textLine()))],
  ['h', (m) => m.get(m.cursor.u8())],
  ['j', (m) => m.get(m.cursor.u32())],
  ['p', (m) => m.put(Number(m.cursor.textLine()))],
  ['q', (m) => m.put(m.cursor.u8())],
  ['r', (m) => m.put(m.cursor.u32())],
  [0x94, (m) => m.memoize()],
  [0x95, (m) => void m.cursor.u64()],
  [0x98, () => undefined],
  [0x97, refuseBuffer],
  [0x82, refuseExtension],
  [0x83, refuseExtension],
  [0x84, refuseExtension],
]; // prettier-ignore

/** Every opcode of protocols 0 to 5 but PROTO and STOP, by its byte. */
export const OPCODES: ReadonlyMap<number, Opcode> = new Map(
  [...LITERALS, ...CONTAINERS, ...OBJECTS].map(([code, run]) => [
    typeof code === 'string' ? code.charCodeAt(0) : code,
    run,
  ]),
);
