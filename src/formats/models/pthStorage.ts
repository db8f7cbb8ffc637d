import { StudioError } from '../../protocol/errors';
import { storageDType } from './pickleGlobals';
import { asCount } from './pickleTensor';
import { type PickleValue, StorageRef } from './pickleValues';

/**
 * torch's persistent id `('storage', class, key, device, numel[, view])` as a reference; `view`, in legacy files,
 * is `(view_key, offset, size)` in elements. `('module', object, ...)` is legacy torch's way to attach source
 * code to a class: the object alone is kept.
 */
export function resolvePersistentId(id: PickleValue, name: string): PickleValue {
  if (!Array.isArray(id)) throw malformed(name);
  const kind = id[0] instanceof Uint8Array ? 'storage' : id[0];
  if (kind === 'module') return id[1] ?? null;
  const dtype = storageDType(id[1]);
  const key = id[2];
  const numel = asCount(id[4]);
  if (kind !== 'storage' || (typeof key !== 'string' && typeof key !== 'number') || numel === null)
    throw malformed(name);
  if (dtype === null) {
    throw new StudioError(
      'format/unsupported',
      `${name} holds tensors of an element type that is not supported.`,
      {
        subject: name,
      },
    );
  }
  const view = id[5] ?? null;
  if (view === null) return new StorageRef(String(key), dtype, numel, 0);
  const [, offset, size] = Array.isArray(view) ? view : [];
  const baseOffset = asCount(offset);
  const viewNumel = asCount(size);
  if (baseOffset === null || viewNumel === null || baseOffset + viewNumel > numel) throw malformed(name);
  return new StorageRef(String(key), dtype, viewNumel, baseOffset);
}

function malformed(name: string): StudioError {
  return new StudioError(
    'format/malformed',
    `${name} is not a readable PyTorch file: a tensor's data cannot be located.`,
    {
      subject: name,
    },
  );
}
