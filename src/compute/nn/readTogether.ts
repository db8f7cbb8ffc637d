import { tf } from '../tf';

/** 64 MiB of float32: half of the smallest storage binding that WebGPU adapters in use here offer. */
const MAX_ELEMENTS = 16 * 1024 * 1024;

/**
 * The values of several float32 tensors, each flat, with as few read-backs as their size allows. The tensors stay the
 * caller's. They are copied on the device first: tfjs caches what it once read of a tensor, which an optimiser that
 * writes in place leaves stale.
 */
export async function readTogether(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  const results: Float32Array[] = [];
  let start = 0;
  while (start < tensors.length) {
    let end = start + 1;
    let size = tensors[start]?.size ?? 0;
    while (end < tensors.length && size + (tensors[end]?.size ?? 0) <= MAX_ELEMENTS)
      size += tensors[end++]?.size ?? 0;
    const group = tensors.slice(start, end).filter((tensor) => tensor.size > 0);
    const values = group.length === 0 ? new Float32Array() : await readGroup(group);
    let offset = 0;
    for (const tensor of tensors.slice(start, end)) {
      results.push(values.slice(offset, offset + tensor.size));
      offset += tensor.size;
    }
    start = end;
  }
  return results;
}

async function readGroup(group: readonly tf.Tensor[]): Promise<Float32Array> {
  // A lone tensor is doubled up with a zero: concat of one is a clone, which would share the stale cache.
  const joined = tf.tidy(() =>
    tf.concat1d([...group.map((tensor) => tensor.flatten()), tf.zeros<tf.Rank.R1>([1])]),
  );
  try {
    return (await joined.data()) as Float32Array;
  } finally {
    joined.dispose();
  }
}
