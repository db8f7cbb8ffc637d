import type { InputFile } from '../input';
import { loadTensors, type StorageSource } from './materialise';
import type { PickleValue } from './pickleValues';
import { findState } from './stateFromPickle';
import type { ModelFile } from './stateDict';

/** A `torch.save` file, opened: its pickle read, its storages not yet. */
export interface PthArchive {
  readonly value: PickleValue;
  readonly storages: StorageSource;
  /** Classes outside the allow-list that the pickle names. */
  readonly opaque: readonly string[];
}

/** The model inside an opened `torch.save` file; only the tensors that belong to it are read. */
export async function modelFromArchive(
  file: InputFile,
  archive: PthArchive,
  format: string,
): Promise<ModelFile> {
  const { tensors, metadata } = findState(archive.value, file.path);
  const state = await loadTensors(tensors, archive.storages, { name: file.path, sizeBytes: file.blob.size });
  return { format, state, opaque: archive.opaque, metadata };
}
