import { encodeElements } from '../models/elements';
import type { DType, StateDict } from '../models/stateDict';
import { PickleWriter } from './pickleWriter';
import { writeStoredZip, type ZipPart } from './storedZip';

/** PyTorch's storage class of each element type. */
const STORAGE_CLASS: Readonly<Record<DType, string>> = {
  float64: 'DoubleStorage', float32: 'FloatStorage', float16: 'HalfStorage', bfloat16: 'BFloat16Storage',
  int64: 'LongStorage', int32: 'IntStorage', int16: 'ShortStorage', int8: 'CharStorage', uint8: 'ByteStorage',
  bool: 'BoolStorage',
}; // prettier-ignore

/** Memo places of what every tensor repeats. */
const ORDERED_DICT = 0;
const REBUILD = 1;

/**
 * A state_dict as `torch.save(OrderedDict)` writes it (zip container, protocol 2, one storage a tensor, all on the
 * cpu, no gradients): `torch.load(..., weights_only=True)` reads it and `load_state_dict(strict=True)` takes it.
 * Keys keep their order; dtypes are kept, so `num_batches_tracked` stays an int64 scalar. The same weights give the
 * same bytes.
 */
export function writePth(state: StateDict): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: ZipPart[] = [
    { name: 'archive/data.pkl', bytes: writeStatePickle(state) },
    { name: 'archive/byteorder', bytes: encoder.encode('little') },
  ];
  let key = 0;
  for (const tensor of state.values())
    parts.push({ name: `archive/data/${key++}`, bytes: encodeElements(tensor) });
  parts.push({ name: 'archive/version', bytes: encoder.encode('3\n') });
  return writeStoredZip(parts);
}

function writeStatePickle(state: StateDict): Uint8Array {
  const pickle = new PickleWriter();
  pickle.global('collections', 'OrderedDict').put(ORDERED_DICT).op(')R');
  pickle.op('(');
  let key = 0;
  for (const [name, tensor] of state) {
    pickle.text(name);
    // The restricted loader knows no POP, so the function is remembered where it is first used.
    if (key === 0) pickle.global('torch._utils', '_rebuild_tensor_v2').put(REBUILD);
    else pickle.get(REBUILD);
    pickle.op('(');
    pickle
      .op('(')
      .text('storage')
      .global('torch', STORAGE_CLASS[tensor.dtype])
      .text(String(key++))
      .text('cpu');
    pickle.int(tensor.data.length).op('tQ');
    pickle.int(0).intTuple(tensor.shape).intTuple(contiguousStrides(tensor.shape)).code(0x89);
    pickle.get(ORDERED_DICT).op(')RtR');
  }
  return pickle.op('u').finish();
}

/** PyTorch's strides of a contiguous tensor; sizes of 0 count as 1, as there. */
function contiguousStrides(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides.unshift(step);
    step *= Math.max(1, shape[axis] ?? 1);
  }
  return strides;
}
