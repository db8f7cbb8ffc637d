import { StudioError } from '../../protocol/errors';
import { withoutPrefix } from './keyPrefix';
import type { TensorValue } from './materialise';
import { NdArray, Opaque, type PickleDict, type PickleValue, TensorRef } from './pickleValues';

/** The tensors of a model as views, and what a checkpoint says beside them. */
export interface FoundState {
  readonly tensors: ReadonlyMap<string, TensorValue>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Keys under which checkpoints keep the model, most telling first (METHODS 5: UNICORN, WaNet, BTI-DBF, BackdoorBench). */
const WRAPPER_KEYS = [
  'state_dict', 'model_state_dict', 'net_state_dict', 'model_state', 'model', 'net', 'netC', 'network', 'state', 'weights',
  'params', 'classifier', 'module', 'model_ema', 'ema',
] as const; // prettier-ignore
/** `{state: {model: {state_dict: ...}}}` is as deep as real checkpoints go. */
const MAX_WRAPPERS = 4;
/** Module nesting; ViT's deepest parameter lies 8 modules down. */
const MAX_MODULE_DEPTH = 64;
/** Entries looked at: shared submodules could otherwise unfold exponentially. */
const MAX_VISITS = 1_000_000;
const MAX_METADATA = 64;
const MAX_METADATA_TEXT = 200;
/** Numbers in a short list that is kept, such as BackdoorBench's `img_size`. */
const MAX_SIZES = 8;

/**
 * The state_dict inside whatever a model file's pickle holds: a state_dict, a checkpoint that wraps one, a whole
 * `nn.Module` (its `_parameters`, `_buffers` and `_modules`, in `state_dict()` order; TorchScript's plain attributes),
 * or a bare tensor, which is named `tensor`. Throws `file/foreign` where there is none.
 */
export function findState(value: PickleValue, name: string): FoundState {
  const metadata: Record<string, string> = Object.create(null) as Record<string, string>;
  const tensors = search(value, 0, metadata);
  if (tensors === null || tensors.size === 0) {
    throw new StudioError('file/foreign', `${name} holds ${describe(value)}, not a model's weights.`, {
      subject: name,
    });
  }
  return { tensors: withoutPrefix(tensors), metadata: { ...metadata } };
}

function search(
  value: PickleValue,
  depth: number,
  metadata: Record<string, string>,
): Map<string, TensorValue> | null {
  if (value instanceof TensorRef) return new Map([['tensor', value]]);
  if (value instanceof Opaque) return moduleState(value);
  if (!(value instanceof Map) || depth >= MAX_WRAPPERS) return null;
  const wrapped = searchWrapped(value, depth, metadata);
  const found = wrapped ?? directTensors(value);
  if (found !== null) collectMetadata(value, metadata);
  return found;
}

/** The first entry that holds a model: under one of the usual names, else the only one that does. */
function searchWrapped(
  dict: PickleDict,
  depth: number,
  metadata: Record<string, string>,
): Map<string, TensorValue> | null {
  for (const key of WRAPPER_KEYS) {
    const inner = dict.get(key);
    if (!(inner instanceof Map) && !(inner instanceof Opaque)) continue;
    const found = search(inner, depth + 1, metadata);
    if (found !== null && found.size > 0) return found;
  }
  if ([...dict.values()].some(isTensor)) return null;
  for (const [key, inner] of dict) {
    if (!(inner instanceof Map) || (typeof key === 'string' && /optim|sched|scaler/i.test(key))) continue;
    const found = directTensors(inner);
    if (found !== null && found.size > 0) return found;
  }
  return null;
}

function directTensors(dict: PickleDict): Map<string, TensorValue> | null {
  const tensors = new Map<string, TensorValue>();
  for (const [key, value] of dict) {
    if (typeof key === 'string' && isTensor(value)) tensors.set(key, value);
  }
  return tensors.size > 0 ? tensors : null;
}

function isTensor(value: PickleValue | undefined): value is TensorValue {
  return value instanceof TensorRef || (value instanceof NdArray && value.bytes.length > 0);
}

function moduleState(root: Opaque): Map<string, TensorValue> | null {
  const tensors = new Map<string, TensorValue>();
  let visits = 0;
  const visit = (module: Opaque, prefix: string, depth: number): void => {
    if (depth > MAX_MODULE_DEPTH) return;
    const state = module.state instanceof Map ? module.state : module.entries;
    const take = (entries: PickleDict, skip: PickleValue | undefined): void => {
      for (const [key, value] of entries) {
        if (++visits > MAX_VISITS) return;
        if (typeof key !== 'string' || (skip instanceof Set && skip.has(key))) continue;
        if (isTensor(value)) tensors.set(prefix + key, value);
        else if (value instanceof Opaque) visit(value, `${prefix}${key}.`, depth + 1);
      }
    };
    const groups = [state.get('_parameters'), state.get('_buffers'), state.get('_modules')];
    if (!groups.some((group) => group instanceof Map)) return take(state, undefined);
    for (const group of groups) {
      if (group instanceof Map) take(group, state.get('_non_persistent_buffers_set'));
    }
  };
  visit(root, '', 0);
  return tensors.size > 0 ? tensors : null;
}

/** Numbers and short texts beside the model (epoch, accuracy, architecture name), outer wrappers winning. */
function collectMetadata(dict: PickleDict, metadata: Record<string, string>): void {
  for (const [key, value] of dict) {
    const scalar = typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint';
    if (typeof key !== 'string' || key.length > MAX_METADATA_TEXT) continue;
    const sizes =
      Array.isArray(value) && value.length <= MAX_SIZES && value.every((one) => typeof one === 'number');
    if (!scalar && !sizes && !(typeof value === 'string' && value.length <= MAX_METADATA_TEXT)) continue;
    if (Object.keys(metadata).length >= MAX_METADATA) return;
    metadata[key] = sizes ? value.join(' × ') : String(value);
  }
}

function describe(value: PickleValue): string {
  if (value instanceof NdArray) return `a numpy array of shape [${value.shape.join(', ')}]`;
  if (value instanceof Opaque) return `an object of class ${value.opaque} without tensors`;
  if (value instanceof Map) {
    const keys = [...value.keys()].filter((key) => typeof key === 'string').slice(0, 5);
    return keys.length === 0
      ? 'an empty or unnamed table'
      : `a table of ${keys.map((key) => clip(key)).join(', ')}`;
  }
  if (Array.isArray(value)) return `a list of ${value.length} things`;
  return typeof value === 'string' ? 'a text' : 'a single value';
}

function clip(key: string): string {
  return key.length > 40 ? `${key.slice(0, 39)}…` : key;
}
