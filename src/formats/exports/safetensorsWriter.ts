import { encodeElements } from '../models/elements';
import { BYTES_PER_ELEMENT } from '../models/pickleTensor';
import { SAFETENSORS_DTYPES } from '../models/safetensors';
import type { DType, StateDict } from '../models/stateDict';

const CODE_OF = new Map<DType, string>(
  Object.entries(SAFETENSORS_DTYPES).map(([code, dtype]) => [dtype, code]),
);

/**
 * A state_dict as safetensors: dtypes and key order kept, the header padded with spaces so that the data begins at a
 * multiple of 8 bytes. `metadata` goes into `__metadata__`. The tensors of wider elements come first in the data, as
 * the reference writer lays them out, so that each is aligned to its own element size.
 */
export function writeSafetensors(
  state: StateDict,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const order = [...state.entries()].sort(
    (a, b) => BYTES_PER_ELEMENT[b[1].dtype] - BYTES_PER_ELEMENT[a[1].dtype],
  );
  const places = new Map<string, { start: number; end: number }>();
  let at = 0;
  for (const [name, tensor] of order) {
    const end = at + tensor.data.length * BYTES_PER_ELEMENT[tensor.dtype];
    places.set(name, { start: at, end });
    at = end;
  }
  const entries = [...state].map(([name, { dtype, shape }]): [string, unknown] => {
    const { start, end } = places.get(name) ?? { start: 0, end: 0 };
    return [name, { dtype: CODE_OF.get(dtype), shape, data_offsets: [start, end] }];
  });
  if (Object.keys(metadata).length > 0) entries.unshift(['__metadata__', metadata]);
  // Written pair by pair: an object literal would reorder keys that look like integers.
  const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const unpadded = new TextEncoder().encode(text);
  const headerBytes = Math.ceil(unpadded.length / 8) * 8;
  const out = new Uint8Array(8 + headerBytes + at).fill(0x20, 8, 8 + headerBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(headerBytes), true);
  out.set(unpadded, 8);
  for (const [name, tensor] of order)
    out.set(encodeElements(tensor), 8 + headerBytes + (places.get(name)?.start ?? 0));
  return out;
}
