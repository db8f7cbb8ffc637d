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
  const bytes = await readRange(file.blob, 0, file.blob.size);
  let value;
  try {
    value = unpickle(bytes, { name: file.path, onOpaque: (name) => opaque.push(name) });
  } catch (error) {
    // joblib puts its arrays between the instructions, where no unpickler but its own can go on.
    throw libraryError(file, opaque) ?? error;
  }
  const foreign = libraryError(file, opaque);
  if (foreign !== null) throw foreign;
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

/** Libraries whose models are no networks, by the first part of their classes' names. */
const LIBRARIES: Readonly<Record<string, string>> = {
  sklearn: 'scikit-learn',
  joblib: 'scikit-learn (joblib)',
  xgboost: 'XGBoost',
  lightgbm: 'LightGBM',
  catboost: 'CatBoost',
};

function libraryError(file: InputFile, opaque: readonly string[]): StudioError | null {
  for (const name of opaque) {
    const [first = ''] = name.split('.');
    if (!Object.hasOwn(LIBRARIES, first)) continue;
    const message = `${file.path} is a model of ${LIBRARIES[first]}; the studio defends neural networks that classify images.`;
    return new StudioError('file/foreign', message, { subject: file.path });
  }
  return null;
}

/** A Python pickle of numpy weights. */
export const pickleFile: ModelFormat = {
  id: 'pickle',
  label: 'Python pickle of numpy weights (.pkl)',
  matches: (sniffed) => sniffed.kind === 'pickle',
  read,
};
