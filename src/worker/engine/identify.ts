import { asStudioError } from '../../protocol/errors';
import type { FileIdentity } from '../../protocol/summaries';
import { isBundle } from '../../formats/exports/bundle';
import type { InputFile } from '../../formats/input';
import { readModel } from '../../formats/models/readModel';
import { sniff, type Sniffed } from '../../formats/sniff';
import { openZip } from '../../formats/zipEntries';

type Role = FileIdentity['role'];

/** Of a dropped folder, so many files are looked into; the rest go by their names. */
const MAX_LOOKED_INTO = 200;
/** JSON that the studio exchanges is far smaller; larger text is not parsed to find out what it is. */
const MAX_JSON_BYTES = 4 * 1024 * 1024;

/** A TensorFlow.js model names its topology before anything long. */
const TFJS_START_BYTES = 64 * 1024;

const IMAGE_NAME = /\.(png|jpe?g|ppm|pgm)$/i;
/** Loose files of the CIFAR archives (python version, and the class names of both). */
const CIFAR_NAME =
  /(^|\/)(data_batch_\d|test_batch|batches\.meta(\.txt)?|meta|train|test|(fine|coarse)_label_names\.txt)$/;

/** Says what each dropped file is, by content and, for images, by where it lies. Loads nothing into the session. */
export async function identifyFiles(files: readonly InputFile[]): Promise<FileIdentity[]> {
  const looseImages = files.filter((file) => IMAGE_NAME.test(file.path) && !file.path.includes('/')).length;
  let lookedInto = 0;
  const identities: FileIdentity[] = [];
  for (const file of files) {
    const byName = IMAGE_NAME.test(file.path) && lookedInto >= MAX_LOOKED_INTO;
    if (!byName) lookedInto += 1;
    const { role, description } = byName
      ? imageRole(file, looseImages, 'Image')
      : await identify(file, looseImages);
    identities.push({ path: file.path, sizeBytes: file.blob.size, role, description });
  }
  return identities;
}

interface Verdict {
  readonly role: Role;
  readonly description: string;
}

async function identify(file: InputFile, looseImages: number): Promise<Verdict> {
  try {
    const sniffed = await sniff(file);
    if (sniffed.truncated)
      return { role: 'unknown', description: `${capital(sniffed.says)}, cut off at its end` };
    return await byKind(file, sniffed, looseImages);
  } catch (error) {
    return { role: 'unknown', description: asStudioError(error).message };
  }
}

async function byKind(file: InputFile, sniffed: Sniffed, looseImages: number): Promise<Verdict> {
  const says = capital(sniffed.says);
  switch (sniffed.kind) {
    case 'pth-zip':
    case 'pth-legacy':
    case 'safetensors':
      return identifyModel(file, says);
    case 'keras-zip':
    case 'hdf5':
      // Read when it is opened: finding out more takes the HDF5 library.
      return { role: 'model', description: says };
    case 'onnx':
      return { role: 'model', description: says };
    case 'pickle':
      return CIFAR_NAME.test(file.path)
        ? { role: 'dataset', description: 'CIFAR batch (python version)' }
        : identifyModel(file, says);
    case 'zip':
      return identifyZip(file);
    case 'npy':
    case 'npz':
    case 'idx':
    case 'parquet':
    case 'csv':
    case 'gzip':
    case 'tar':
      return { role: 'dataset', description: says };
    case 'cifar-binary':
      return { role: 'dataset', description: says };
    case 'png':
    case 'jpeg':
    case 'pnm':
      return imageRole(file, looseImages, says);
    case 'json':
      return identifyJson(file);
    case 'unknown':
      return CIFAR_NAME.test(file.path)
        ? { role: 'dataset', description: 'Class names of CIFAR' }
        : { role: 'unknown', description: says };
    case 'html':
    case 'lfs-pointer':
    case 'empty':
      return { role: 'unknown', description: says };
    default:
      return sniffed.kind satisfies never;
  }
}

/** A classifier or a transform (the UNet has an `outc` and no head), told from the names of its tensors. */
async function identifyModel(file: InputFile, says: string): Promise<Verdict> {
  if (/(^|\/)label_shuffle\.pth$/i.test(file.path)) {
    return { role: 'label-map', description: 'Label permutation of a REFINE run' };
  }
  const { state } = await readModel(file);
  return state.has('outc.conv.weight') && state.has('inc.double_conv.0.weight')
    ? { role: 'transform', description: `${says} with a trained transform` }
    : { role: 'model', description: `${says} with a classifier's weights` };
}

async function identifyZip(file: InputFile): Promise<Verdict> {
  if (await isBundle(file)) return { role: 'transform', description: 'Exported defence (bundle)' };
  const { names } = await openZip(file);
  const images = names.filter((name) => IMAGE_NAME.test(name)).length;
  return images > 0
    ? { role: 'dataset', description: `Zip archive of ${images} images` }
    : { role: 'unknown', description: 'A zip archive without images' };
}

async function identifyJson(file: InputFile): Promise<Verdict> {
  const unknown = { role: 'unknown', description: 'JSON text of a kind the studio does not know' } as const;
  const start = await file.blob.slice(0, TFJS_START_BYTES).text();
  if (/"modelTopology"\s*:/.test(start)) return { role: 'model', description: 'TensorFlow.js model' };
  if (file.blob.size > MAX_JSON_BYTES) return unknown;
  let value: unknown;
  try {
    value = JSON.parse(await file.blob.text());
  } catch {
    return { role: 'unknown', description: 'JSON text that is damaged' };
  }
  if (Array.isArray(value) && value.length > 0 && value.every((entry) => Number.isInteger(entry))) {
    return { role: 'label-map', description: `Label map of ${value.length} classes` };
  }
  if (typeof value !== 'object' || value === null) return unknown;
  if ('version' in value && 'defense' in value) return { role: 'experiment', description: 'Experiment file' };
  if ('labelMap' in value && 'secondsPerStep' in value) {
    return { role: 'unknown', description: 'Results of an earlier run' };
  }
  return unknown;
}

/** An image in a folder, or one of several, is data; one alone is a trigger image. */
function imageRole(file: InputFile, looseImages: number, says: string): Verdict {
  return file.path.includes('/') || looseImages > 1
    ? { role: 'dataset', description: says }
    : { role: 'trigger-image', description: says };
}

function capital(text: string): string {
  const plain = text.replace(/^an? /, '');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}
