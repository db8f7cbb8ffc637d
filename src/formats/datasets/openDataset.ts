import { StudioError } from '../../protocol/errors';
import { readRange, type InputFile } from '../input';
import { foreignError, sniff } from '../sniff';
import { throwIfAborted } from './abort';
import type { OpenOptions } from './format';
import { gunzipHead, isGzip } from './gunzip';
import type { ImageDataset } from './imageDataset';
import { DATASET_FORMATS } from './registry';
import { looksLikeTar, tarMembers } from './tar';

/** As many files as are looked into to say why nothing was recognised. */
const EXPLAIN_UP_TO = 20;

/**
 * Opens whatever data set the files are. Zips and folders are read lazily; archives of CIFAR are streamed into memory.
 * @throws StudioError naming the file and the reason; nothing that was open before is touched.
 */
export async function openDataset(
  files: readonly InputFile[],
  options: OpenOptions = {},
): Promise<ImageDataset> {
  if (files.length === 0) throw new StudioError('file/missing', 'No files were given for the data set.');
  for (const format of DATASET_FORMATS) {
    throwIfAborted(options.signal);
    if (await format.matches(files, options)) return format.open(files, options);
  }
  throw await whyNothing(files, options);
}

async function whyNothing(files: readonly InputFile[], options: OpenOptions): Promise<StudioError> {
  let unknown: StudioError | null = null;
  for (const file of files.slice(0, EXPLAIN_UP_TO)) {
    if (await looksLikeTar(file)) return (await whatGzipHolds(file)) ?? (await whyNotTar(file, options));
    const error = foreignError(file, await sniff(file), 'a data set that is read here');
    if (error.code !== 'file/unrecognised') return error;
    unknown ??= error;
  }
  return unknown ?? new StudioError('file/unrecognised', 'There is nothing to read in what was dropped.');
}

/** So much of what is packed tells its kind. */
const INNER_HEAD_BYTES = 4096;

/** Names what a `.gz` holds where that is a known kind other than a tar archive; null otherwise. */
async function whatGzipHolds(file: InputFile): Promise<StudioError | null> {
  if (!isGzip(await readRange(file.blob, 0, 2))) return null;
  const head = await gunzipHead(file, INNER_HEAD_BYTES);
  const inner = await sniff({ path: file.path.replace(/\.(?:t?gz)$/i, ''), blob: new Blob([head.slice()]) });
  const named = /^an? /.test(inner.says);
  if (inner.kind === 'tar' || inner.kind === 'empty' || !named) return null;
  return new StudioError(
    'file/foreign',
    `${file.path} is not a data set that is read here: it is ${inner.says}, packed with gzip.`,
    { subject: file.path },
  );
}

/** Reads the archive through: either it is damaged, and reading says so, or it holds something else. */
async function whyNotTar(file: InputFile, options: OpenOptions): Promise<StudioError> {
  let first: string | null = null;
  try {
    for await (const member of tarMembers(file, options)) first ??= member.path;
  } catch (thrown) {
    if (thrown instanceof StudioError) return thrown;
    throw thrown;
  }
  const holds =
    first === null ? 'is an empty archive' : `holds no CIFAR batches (its first file is ${first})`;
  return new StudioError('file/unrecognised', `${file.path} ${holds}.`, { subject: file.path });
}
