import type { DType } from './stateDict';

/**
 * What the unpickler produces: plain values only. Tuples and lists are both arrays, dicts (and OrderedDict,
 * defaultdict) are `Map`s, sets are `Set`s, ints beyond 2^53 are bigints. Byte strings are `Uint8Array`s that
 * point into the pickle; short Python 2 strings are text (see `PY2_TEXT_BYTES` in pickleOpcodes).
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleDict
  | Set<PickleValue>
  | PickleGlobal
  | Opaque
  | StorageRef
  | TensorRef
  | NdArray
  | NumpyDType;

/**
 * A Python dict. Text, numbers, booleans and null are keys as they are and byte strings become latin1 text, so
 * `dict.get('data')` finds Python's `b'data'` too; any other key is kept by identity.
 */
export type PickleDict = Map<PickleValue, PickleValue>;

/** Something a pickle refers to by name and that is on the allow-list: `call` is our own code, never the file's. */
export class PickleGlobal {
  constructor(
    readonly name: string,
    readonly call: (args: readonly PickleValue[], scope: CallScope) => PickleValue,
  ) {}
}

/** What an allow-listed constructor may use besides its arguments. */
export interface CallScope {
  /** Takes `bytes` from the allowance for memory that is not in the file; throws where it is used up. */
  charge(bytes: number): void;
  /** The error for arguments that make no sense, naming the file. */
  malformed(reason: string): Error;
  /** The error for what is sound and not read here, naming the file. */
  unsupported(reason: string): Error;
}

/**
 * An object of a class outside the allow-list. Its class was not looked up and its code was not run; what the
 * pickle would have handed to it is kept so that tensors inside can be taken out.
 */
export class Opaque {
  args: readonly PickleValue[] = [];
  /** What BUILD gave: usually the instance's `__dict__`. */
  state: PickleValue = null;
  /** Entries stored into it by SETITEM(S), for subclasses of dict. */
  readonly entries: PickleDict = new Map();
  /** Elements stored into it by APPEND(S), for subclasses of list. */
  readonly elements: PickleValue[] = [];

  constructor(readonly opaque: string) {}
}

/** A run of elements in the file; `persistentLoad` makes these. Counts and offsets are in elements. */
export class StorageRef {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    /** Elements that a view may touch, from `baseOffset` on. */
    readonly numel: number,
    /** Where this view of the stored run begins (legacy storage views; otherwise 0). */
    readonly baseOffset: number,
  ) {}
}

/** A tensor as a view of a storage, checked to lie inside it. `offset` and `strides` are in elements of `dtype`. */
export class TensorRef {
  constructor(
    readonly storage: StorageRef,
    readonly dtype: DType,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** A numpy dtype: `code` is numpy's kind and size without byte order, e.g. `u1`, `f4`, `i8`. */
export class NumpyDType {
  littleEndian = true;
  constructor(readonly code: string) {}
}

const NO_DTYPE = new NumpyDType('V0');
const NO_BYTES = new Uint8Array(0);

/** A numpy array. `bytes` are its elements in C order, or in Fortran order where `fortranOrder`. */
export class NdArray {
  dtype: NumpyDType = NO_DTYPE;
  shape: readonly number[] = [0];
  fortranOrder = false;
  bytes: Uint8Array = NO_BYTES;
}
