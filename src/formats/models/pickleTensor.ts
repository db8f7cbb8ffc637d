import { type CallScope, type PickleValue, StorageRef, TensorRef } from './pickleValues';
import type { DType } from './stateDict';

/** PyTorch itself stops at 64 dimensions. */
const MAX_RANK = 64;

/** A non-negative integer that JavaScript holds exactly, or null. */
export function asCount(value: PickleValue | undefined): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** A tuple of counts, or null where any element is negative, fractional or not a number. */
export function asCounts(value: PickleValue | undefined): number[] | null {
  if (!Array.isArray(value) || value.length > MAX_RANK) return null;
  const counts = value.map((item) => asCount(item));
  return counts.every((count) => count !== null) ? counts : null;
}

/** The number of elements of a shape, or null where it passes 2^53. A shape of rank 0 has one element. */
export function elementCount(shape: readonly number[]): number | null {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return null;
  }
  return count;
}

/**
 * `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, ...)` as a checked view: every element of it
 * lies inside the storage. `dtype` is given by `_rebuild_tensor_v3`, whose storage is untyped bytes; else the
 * storage's own counts. Throws `format/malformed` through `scope`.
 */
export function rebuildTensor(args: readonly PickleValue[], scope: CallScope, dtype?: DType): TensorRef {
  const [storage, offsetValue, sizeValue, strideValue] = args;
  if (!(storage instanceof StorageRef)) throw scope.malformed('a tensor has no storage');
  const offset = asCount(offsetValue);
  const shape = asCounts(sizeValue);
  const strides = asCounts(strideValue);
  if (offset === null || shape === null || strides === null || shape.length !== strides.length) {
    throw scope.malformed('a tensor has a negative or unreadable offset, shape or stride');
  }
  const count = elementCount(shape);
  if (count === null) throw scope.malformed(`a tensor of shape [${shape.join(', ')}] is impossibly large`);
  // Each term is exact or far beyond any storage, so the comparison below holds even past 2^53.
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset);
  const itemBytes = dtype === undefined ? 1 : BYTES_PER_ELEMENT[dtype] / BYTES_PER_ELEMENT[storage.dtype];
  if (count > 0 && (last + 1) * itemBytes > storage.numel) {
    throw scope.malformed(`a tensor of shape [${shape.join(', ')}] reaches beyond its stored values`);
  }
  return new TensorRef(storage, dtype ?? storage.dtype, offset, shape, strides);
}

/** Bytes an element takes in a file. */
export const BYTES_PER_ELEMENT: Readonly<Record<DType, number>> = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
};
