import { arrayFromBuffer, makeNumpyDType, numpyScalar, rawBytes } from './pickleNumpy';
import { rebuildTensor } from './pickleTensor';
import { NdArray, Opaque, type PickleDict, PickleGlobal, type PickleValue } from './pickleValues';
import { dictKey } from './pickleKeys';
import type { DType } from './stateDict';

type Call = PickleGlobal['call'];

/** PyTorch's storage classes (`torch.FloatStorage`, `torch.cuda.FloatStorage`, ...) by element type. */
const STORAGE_DTYPES: Readonly<Record<string, DType>> = {
  DoubleStorage: 'float64', FloatStorage: 'float32', HalfStorage: 'float16', BFloat16Storage: 'bfloat16',
  LongStorage: 'int64', IntStorage: 'int32', ShortStorage: 'int16', CharStorage: 'int8', ByteStorage: 'uint8',
  BoolStorage: 'bool', UntypedStorage: 'uint8', _UntypedStorage: 'uint8',
}; // prettier-ignore

/** `torch.float32` and friends, as `_rebuild_tensor_v3` names them. */
const TORCH_DTYPES: Readonly<Record<string, DType>> = {
  float64: 'float64', double: 'float64', float32: 'float32', float: 'float32', float16: 'float16', half: 'float16',
  bfloat16: 'bfloat16', int64: 'int64', long: 'int64', int32: 'int32', int: 'int32', int16: 'int16', short: 'int16',
  int8: 'int8', uint8: 'uint8', bool: 'bool',
}; // prettier-ignore

const STORAGE_NAME = /^torch\.(?:cuda\.|storage\.)?(\w+Storage)$/;
const TORCH_DTYPE_NAME = /^torch\.([a-z0-9]+)$/;

/** The element type of a storage class that a persistent id names, or null for those that are not read. */
export function storageDType(value: PickleValue | undefined): DType | null {
  const name = value instanceof PickleGlobal ? value.name : value instanceof Opaque ? value.opaque : '';
  return own(STORAGE_DTYPES, STORAGE_NAME.exec(name)?.[1]);
}

function torchDType(value: PickleValue | undefined): DType | null {
  return value instanceof PickleGlobal ? own(TORCH_DTYPES, TORCH_DTYPE_NAME.exec(value.name)?.[1]) : null;
}

function own(table: Readonly<Record<string, DType>>, key: string | undefined): DType | null {
  return key !== undefined && Object.hasOwn(table, key) ? (table[key] ?? null) : null;
}

const first: Call = (args) => args[0] ?? null;

/** `OrderedDict()`, `OrderedDict([(key, value), ...])`, `dict(other)`. */
const makeDict: Call = (args, scope) => {
  const dict: PickleDict = new Map();
  const source = args.find((arg) => arg instanceof Map || Array.isArray(arg));
  const pairs = source instanceof Map ? [...source] : Array.isArray(source) ? source : [];
  scope.charge(pairs.length * 16);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw scope.malformed('a dict is made of something else than pairs');
    dict.set(dictKey(pair[0] ?? null), pair[1] ?? null);
  }
  return dict;
};

const makeList: Call = (args, scope) => {
  const source = args[0];
  const items = Array.isArray(source) ? source : source instanceof Set ? [...source] : [];
  scope.charge(items.length * 8);
  return items.slice();
};

const makeSet: Call = (args, scope) => new Set(makeList(args, scope) as PickleValue[]);

/** `_codecs.encode(text, 'latin1')`: how protocol 2 of Python 3 carries bytes. */
const encode: Call = (args, scope) => {
  const bytes = rawBytes(args[0], scope);
  if (bytes === null) throw scope.malformed('a byte string holds characters that are not bytes');
  return bytes;
};

const makeBytes: Call = (args, scope) => {
  if (args.length === 0) return new Uint8Array(0);
  if (args[0] instanceof Uint8Array) return args[0];
  if (typeof args[0] === 'string') return encode(args, scope);
  const items = Array.isArray(args[0]) ? args[0] : [];
  scope.charge(items.length);
  return Uint8Array.from(items, (item) => (typeof item === 'number' ? item : 0));
};

const rebuildV3: Call = (args, scope) => {
  const dtype = torchDType(args[6]);
  if (dtype === null) throw scope.unsupported('a tensor has an element type that is not supported');
  return rebuildTensor(args, scope, dtype);
};

/** `_rebuild_from_type_v2(func, type, args, state)`: a tensor with Python attributes, which are left out. */
const rebuildFromType: Call = (args, scope) => {
  const [func, , inner] = args;
  if (!(func instanceof PickleGlobal) || !Array.isArray(inner) || func.call === rebuildFromType) {
    throw scope.malformed('a tensor with attributes cannot be rebuilt');
  }
  return func.call(inner, scope);
};

/** `copyreg._reconstructor(cls, base, state)`: an empty instance that BUILD fills later. */
const reconstruct: Call = (args) => (args[0] instanceof Opaque ? new Opaque(args[0].opaque) : null);

const rebuildTensorV2: Call = (args, scope) => rebuildTensor(args, scope);
const notCallable: Call = (_args, scope) => {
  throw scope.malformed('it calls something that is not a function');
};

/** The allow-list. Each entry is our own reading of what the Python callable would have produced. */
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['collections.OrderedDict', makeDict],
  ['collections.defaultdict', makeDict],
  ['torch._utils._rebuild_tensor', rebuildTensorV2],
  ['torch._utils._rebuild_tensor_v2', rebuildTensorV2],
  ['torch._utils._rebuild_tensor_v3', rebuildV3],
  ['torch._utils._rebuild_parameter', first],
  ['torch._utils._rebuild_parameter_with_state', first],
  ['torch._tensor._rebuild_from_type_v2', rebuildFromType],
  ['torch.Size', first],
  ['torch.device', first],
  ['numpy.dtype', makeNumpyDType],
  ['_codecs.encode', encode],
  ['copy_reg._reconstructor', reconstruct],
  ['copyreg._reconstructor', reconstruct],
  ...['numpy.core', 'numpy._core'].flatMap((module): [string, Call][] => [
    [`${module}.multiarray._reconstruct`, () => new NdArray()],
    [`${module}.multiarray.scalar`, numpyScalar],
    [`${module}.numeric._frombuffer`, arrayFromBuffer],
  ]),
  ...['builtins', '__builtin__'].flatMap((module): [string, Call][] => [
    [`${module}.set`, makeSet],
    [`${module}.frozenset`, makeSet],
    [`${module}.list`, makeList],
    [`${module}.tuple`, makeList],
    [`${module}.dict`, makeDict],
    [`${module}.bytes`, makeBytes],
    [`${module}.bytearray`, makeBytes],
    [`${module}.int`, first],
    [`${module}.float`, first],
    [`${module}.bool`, first],
    [`${module}.str`, first],
  ]),
]);

/** The allow-listed global of that name, or null: then it is an opaque object. */
export function allowedGlobal(name: string): PickleGlobal | null {
  const call = CALLS.get(name);
  if (call !== undefined) return new PickleGlobal(name, call);
  if (own(STORAGE_DTYPES, STORAGE_NAME.exec(name)?.[1]) !== null) return new PickleGlobal(name, notCallable);
  if (own(TORCH_DTYPES, TORCH_DTYPE_NAME.exec(name)?.[1]) !== null)
    return new PickleGlobal(name, notCallable);
  if (name === 'numpy.ndarray') return new PickleGlobal(name, notCallable);
  return null;
}
