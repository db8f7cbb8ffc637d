import { PickleMachine, type UnpickleHooks } from './pickleMachine';
import { OPCODES } from './pickleOpcodes';
import type { PickleValue } from './pickleValues';

/** Opcodes run at most: a second or two of work. CIFAR-100's 50,000 images and names take about 300,000. */
const MAX_OPCODES = 10_000_000;
const PROTO = 0x80;
const STOP = 0x2e;
const HIGHEST_PROTOCOL = 5;

/**
 * Reads one pickle (protocols 0 to 5) beginning at `start` and says where it ends, for files that hold several.
 * Nothing in it is executed: allow-listed constructors are our own code (pickleGlobals.ts), any other class
 * becomes an `Opaque`. Throws `format/forbidden-opcode` where a name stands for running code, `file/truncated`
 * where the bytes end early, `format/malformed` or `format/unsupported` otherwise.
 */
export function unpickleAt(
  bytes: Uint8Array,
  start: number,
  hooks: UnpickleHooks,
): { readonly value: PickleValue; readonly end: number } {
  const machine = new PickleMachine(bytes, start, hooks);
  const { cursor } = machine;
  for (let count = 0; count < MAX_OPCODES; count++) {
    const code = cursor.u8();
    if (code === STOP) return { value: machine.pop(), end: cursor.at };
    if (code === PROTO) {
      const protocol = cursor.u8();
      if (protocol > HIGHEST_PROTOCOL)
        throw machine.unsupported(`its pickle protocol ${protocol} is unknown`);
      continue;
    }
    const run = OPCODES.get(code);
    if (run === undefined) throw machine.malformed(`byte 0x${code.toString(16)} is no pickle instruction`);
    run(machine);
  }
  throw machine.malformed('it has more instructions than any model needs');
}

/** `unpickleAt` from the first byte; what follows the pickle is ignored, as Python does. */
export function unpickle(bytes: Uint8Array, hooks: UnpickleHooks): PickleValue {
  return unpickleAt(bytes, 0, hooks).value;
}
