import { StudioError } from '../../protocol/errors';
import { PickleCursor } from './pickleCursor';
import { isForbiddenGlobal } from './pickleForbidden';
import { allowedGlobal } from './pickleGlobals';
import { dictKey } from './pickleKeys';
import { setArrayState, setDTypeState } from './pickleNumpy';
import { type CallScope, NdArray, NumpyDType, Opaque, PickleGlobal, type PickleValue } from './pickleValues';

/** What a caller lends to the unpickler. */
export interface UnpickleHooks {
  /** The file's name, for error sentences. */
  readonly name: string;
  /** Resolves a persistent id (torch's storages). Without it, a pickle with persistent ids is refused. */
  readonly persistentLoad?: (id: PickleValue) => PickleValue;
  /** Told each qualified name outside the allow-list, once. */
  readonly onOpaque?: (name: string) => void;
}

/**
 * Values on the stack between two opcodes. CIFAR-100's 50,000 file names are APPENDed in runs of 1,000; a list
 * written in one run of a million is already beyond anything PyTorch saves.
 */
const MAX_STACK = 1 << 20;
/** Open MARKs. Python itself cannot pickle deeper than its recursion limit of 1,000. */
const MAX_MARKS = 10_000;
/** Memo entries: about one for each object. A state_dict of 2,000 tensors uses 30,000. */
const MAX_MEMO = 1 << 21;
/**
 * Containers and objects made: each costs a few hundred bytes here and one byte there. A checkpoint of 10,000 tensors
 * makes about 100,000.
 */
const MAX_OBJECTS = 1 << 20;
/** Memory made by REDUCE that is not in the file: this many times the pickle, and never less than the floor. */
const CHARGE_PER_PICKLE_BYTE = 4;
const CHARGE_FLOOR_BYTES = 1 << 20;
/** Different opaque names reported; a model of more classes than this is only a listing. */
const MAX_OPAQUE_NAMES = 256;

/**
 * The state of one unpickling: stack, marks, memo. It holds values and calls only allow-listed constructors of
 * our own; no name from the file is ever resolved to anything that runs.
 */
export class PickleMachine implements CallScope {
  readonly cursor: PickleCursor;
  stack: PickleValue[] = [];
  private readonly below: PickleValue[][] = [];
  private readonly memo = new Map<number, PickleValue>();
  private readonly seenOpaque = new Set<string>();
  private readonly globals = new Map<string, PickleValue>();
  private allowanceBytes: number;
  private objects = 0;

  constructor(
    bytes: Uint8Array,
    start: number,
    readonly hooks: UnpickleHooks,
  ) {
    this.cursor = new PickleCursor(bytes, start, hooks.name);
    this.allowanceBytes = Math.max(CHARGE_FLOOR_BYTES, CHARGE_PER_PICKLE_BYTE * bytes.length);
  }

  malformed(reason: string): StudioError {
    return new StudioError('format/malformed', `${this.hooks.name} is not a readable pickle: ${reason}.`, {
      subject: this.hooks.name,
    });
  }

  unsupported(reason: string): StudioError {
    return new StudioError('format/unsupported', `${this.hooks.name} cannot be read: ${reason}.`, {
      subject: this.hooks.name,
    });
  }

  charge(bytes: number): void {
    this.allowanceBytes -= bytes;
    if (this.allowanceBytes < 0) {
      throw this.malformed('it unfolds to far more data than the file holds, as an attack would');
    }
  }

  push(value: PickleValue): void {
    if (this.stack.length >= MAX_STACK) throw this.malformed('its stack grows without end');
    this.stack.push(value);
  }

  /** `push` for a container or object that the instruction made. */
  pushNew(value: PickleValue): void {
    if (++this.objects > MAX_OBJECTS) throw this.malformed('it makes more objects than any model needs');
    this.push(value);
  }

  pop(): PickleValue {
    const value = this.stack.pop();
    if (value === undefined) throw this.malformed('it takes a value where there is none');
    return value;
  }

  top(): PickleValue {
    const value = this.stack.at(-1);
    if (value === undefined) throw this.malformed('it uses a value where there is none');
    return value;
  }

  mark(): void {
    if (this.below.length >= MAX_MARKS) throw this.malformed('it is nested deeper than Python allows');
    this.below.push(this.stack);
    this.stack = [];
  }

  /** Everything since the last MARK, which is removed. */
  popMark(): PickleValue[] {
    const below = this.below.pop();
    if (below === undefined) throw this.malformed('a group ends that never began');
    const items = this.stack;
    this.stack = below;
    return items;
  }

  /** POP drops a value, or a MARK that has nothing above it. */
  drop(): void {
    if (this.stack.length > 0) this.stack.pop();
    else this.popMark();
  }

  put(index: number): void {
    if (!Number.isSafeInteger(index) || index < 0) throw this.malformed('a memo index is not a number');
    this.memo.set(index, this.top());
    if (this.memo.size > MAX_MEMO) throw this.malformed('its memo grows without end');
  }

  memoize(): void {
    this.put(this.memo.size);
  }

  get(index: number): void {
    const value = this.memo.get(index);
    if (value === undefined) throw this.malformed('it refers to an object that was never stored');
    this.push(value);
  }

  /** GLOBAL: an allow-listed constructor of our own, or an opaque name. Names that run code are refused here. */
  global(module: string, name: string): PickleValue {
    const full = `${module}.${name}`;
    const known = this.globals.get(full);
    if (known !== undefined) return known;
    if (isForbiddenGlobal(module, name)) {
      throw new StudioError(
        'format/forbidden-opcode',
        `${this.hooks.name} would run code when Python loads it (${clip(full)}), so it is refused.`,
        { subject: this.hooks.name, detail: `pickle global ${clip(full)}` },
      );
    }
    const value = allowedGlobal(full) ?? this.opaque(clip(full));
    if (this.globals.size < MAX_OPAQUE_NAMES) this.globals.set(full, value);
    return value;
  }

  private opaque(name: string): Opaque {
    if (!this.seenOpaque.has(name) && this.seenOpaque.size < MAX_OPAQUE_NAMES) {
      this.seenOpaque.add(name);
      this.hooks.onOpaque?.(name);
    }
    return new Opaque(name);
  }

  /** REDUCE, NEWOBJ, INST and OBJ alike: allow-listed constructors run (ours), anything else becomes opaque. */
  call(func: PickleValue, args: PickleValue): PickleValue {
    if (!Array.isArray(args)) throw this.malformed('it calls with something else than a tuple');
    if (func instanceof PickleGlobal) return func.call(args, this);
    if (!(func instanceof Opaque)) throw this.malformed('it calls something that is not a class');
    const made = new Opaque(func.opaque);
    made.args = args;
    return made;
  }

  /** BUILD: hands a state to an object. Only opaque objects and numpy values keep it. */
  build(target: PickleValue, state: PickleValue): void {
    if (target instanceof NdArray) setArrayState(target, state, this);
    else if (target instanceof NumpyDType) setDTypeState(target, state);
    else if (target instanceof Opaque) {
      if (target.state instanceof Map && state instanceof Map)
        this.charge(16 * (target.state.size + state.size));
      target.state = mergeState(target.state, state);
    }
    // An OrderedDict's or tensor's Python attributes (state_dict's `_metadata`) carry nothing that is used here.
  }

  append(target: PickleValue, items: readonly PickleValue[]): void {
    const list = Array.isArray(target) ? target : target instanceof Opaque ? target.elements : null;
    if (list === null) throw this.malformed('it appends to something that is not a list');
    for (const item of items) list.push(item);
  }

  setItems(target: PickleValue, items: readonly PickleValue[]): void {
    const dict = target instanceof Map ? target : target instanceof Opaque ? target.entries : null;
    if (dict === null || items.length % 2 !== 0)
      throw this.malformed('it stores keys into something that is no dict');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] ?? null;
      if (key instanceof Uint8Array) this.charge(key.length);
      dict.set(dictKey(key), items[i + 1] ?? null);
    }
  }

  persistent(id: PickleValue): PickleValue {
    if (this.hooks.persistentLoad === undefined) throw this.unsupported('it refers to data outside the file');
    return this.hooks.persistentLoad(id);
  }
}

/** `(dict_state, slots_state)` and repeated BUILDs as one dict, where they are dicts. */
function mergeState(old: PickleValue, state: PickleValue): PickleValue {
  const parts = Array.isArray(state) && state.length === 2 ? state.filter((part) => part instanceof Map) : [];
  const next = parts.length > 0 ? parts[0] : state;
  if (!(old instanceof Map)) return next ?? null;
  return next instanceof Map ? new Map([...old, ...next]) : old;
}

/** A name from the file, short enough to show. */
function clip(name: string): string {
  return name.length > 120 ? `${name.slice(0, 119)}…` : name;
}
