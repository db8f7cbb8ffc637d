import { StudioError } from '../../protocol/errors';
import { type InputFile, readRange } from '../input';
import type { ModelFormat } from './modelFormat';
import { modelFromArchive } from './pthArchive';
import { unpickle } from './pickle';
import type { ModelFile } from './stateDict';

/** A plain pickle is held whole while it is read. */
const MAX_BYTES = 512 * 2 ** 20;

/**
 * A plain `pickle.dump` of a model: weights as numpy arrays, perhaps wrapped. Pickled torch tensors (whose data is
 * a nested torch.save) are not read; torch.save's own files are other formats.
 */
async function read(file: InputFile): Promise<ModelFile> {
  if (file.blob.size > MAX_BYTES) {
    throw new StudioError(
      'file/too-large',
      `${file.path} is a pickle of over ${MAX_BYTES / 2 ** 20} MiB, which is not read.`,
      {
        subject: file.path,
      },
    );
  }
  const opaque: string[] = [];
  const value = unpickle(await readRange(file.blob, 0, file.blob.size), {
    name: file.path,
    onOpaque: (name) => opaque.push(name),
  });
  if (opaque.includes('torch.storage._load_from_bytes')) {
    throw new StudioError(
      'format/unsupported',
      `${file.path} was written with pickle.dump; save it with torch.save instead.`,
      {
        subject: file.path,
      },
    );
  }
  const storages = { littleEndian: true, read: () => Promise.resolve(new Uint8Array(0)) };
  return modelFromArchive(file, { value, opaque, storages }, 'pickle');
}

/** A Python pickle of numpy weights. */
export const pickleFile: ModelFormat = {
  id: 'pickle',
  label: 'Python pickle of numpy weights (.pkl)',
  matches: (sniffed) => sniffed.kind === 'pickle',
  read,
};
