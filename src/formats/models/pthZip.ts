import { StudioError } from '../../protocol/errors';
import type { InputFile } from '../input';
import { sniff } from '../sniff';
import { openZip, type ZipFiles } from '../zipEntries';
import { modelFromArchive, type PthArchive } from './pthArchive';
import { resolvePersistentId } from './pthStorage';
import { unpickle } from './pickle';
import type { ModelFile } from './stateDict';
import type { ModelFormat } from './modelFormat';

/** data.pkl holds names and shapes; whole checkpoints with optimiser state and image lists stay far below. */
const MAX_PICKLE_BYTES = 512 * 2 ** 20;

/**
 * Opens the zip container that `torch.save` has written since 1.6: `NAME/data.pkl`, `NAME/data/KEY` for each storage,
 * and since 2.0 `NAME/byteorder`. TorchScript archives have the same parts. Nothing but the pickle is read.
 */
export async function openPthZip(file: InputFile): Promise<PthArchive> {
  const zip = await openZip(file);
  const pickle = zip.names
    .filter((name) => /(?:^|\/)data\.pkl$/.test(name))
    .sort((a, b) => a.length - b.length)[0];
  if (pickle === undefined) {
    throw new StudioError('file/foreign', `${file.path} is not a model: it is ${(await sniff(file)).says}.`, {
      subject: file.path,
    });
  }
  if ((zip.sizeOf(pickle) ?? 0) > MAX_PICKLE_BYTES) {
    throw new StudioError(
      'file/too-large',
      `${file.path} has a pickle of over ${MAX_PICKLE_BYTES} bytes, which is no model.`,
      {
        subject: file.path,
      },
    );
  }
  const prefix = pickle.slice(0, -'data.pkl'.length);
  const opaque: string[] = [];
  const value = unpickle(await zip.read(pickle), {
    name: file.path,
    persistentLoad: (id) => resolvePersistentId(id, file.path),
    onOpaque: (name) => opaque.push(name),
  });
  const littleEndian = await isLittleEndian(zip, `${prefix}byteorder`);
  return {
    value,
    opaque,
    storages: {
      littleEndian,
      read: (ref, needed) => readStorage(file, zip, `${prefix}data/${ref.key}`, needed),
    },
  };
}

async function readStorage(
  file: InputFile,
  zip: ZipFiles,
  name: string,
  needed: number,
): Promise<Uint8Array> {
  const size = zip.sizeOf(name);
  if (size === null || size < needed) {
    const what = size === null ? 'is missing' : `has ${size} bytes where ${needed} are needed`;
    throw new StudioError(
      'format/malformed',
      `${file.path} is damaged: its part ${name.slice(0, 200)} ${what}.`,
      {
        subject: file.path,
      },
    );
  }
  return zip.read(name);
}

async function isLittleEndian(zip: ZipFiles, name: string): Promise<boolean> {
  const size = zip.sizeOf(name);
  if (size === null || size > 16) return true;
  return !new TextDecoder().decode(await zip.read(name)).startsWith('big');
}

async function read(file: InputFile): Promise<ModelFile> {
  return modelFromArchive(file, await openPthZip(file), 'pth-zip');
}

/** `.pth`/`.pt` as torch.save writes it since 1.6. */
export const pthZip: ModelFormat = {
  id: 'pth-zip',
  label: 'PyTorch (.pth, .pt)',
  matches: (sniffed) => sniffed.kind === 'pth-zip' || sniffed.kind === 'zip',
  read,
};
