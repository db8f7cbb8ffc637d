import { StudioError } from '../../protocol/errors';
import type { InputFile } from '../input';
import { sniff } from '../sniff';
import { unfoldLimit } from '../unfoldLimit';
import { arrayDataset } from './arrayDataset';
import { blobSource, memorySource, type ArrayFile, type ByteSource } from './arrayFile';
import type { DatasetFormat, OpenOptions } from './format';
import { isImageName } from './folderLayout';
import { openNpy } from './npy';
import { baseName, datasetName, isClutter } from './paths';
import { zipDirectory, type ZipMember } from './zipDirectory';
import { readZipMember, zipMemberStart } from './zipMember';

/** A data set has a handful of arrays; of more files none is looked into. */
const MAX_FILES = 32;
const MAX_MEMBERS = 256;
/** Most bytes that the compressed members may unfold to; stored members and `.npy` files of any size are read in place. */
const MAX_UNPACKED_BYTES = 2 ** 30;

/** numpy arrays: an `.npz`, or `.npy` files dropped together. */
export const numpyArrays: DatasetFormat = {
  id: 'numpy',
  label: 'numpy arrays',
  async matches(files) {
    if (files.length > MAX_FILES || files.some((file) => isImageName(file.path))) return false;
    for (const file of files) {
      if (isClutter(file.path)) continue;
      const { kind } = await sniff(file);
      if (kind === 'npy' || kind === 'npz') return true;
    }
    return false;
  },
  async open(files, options) {
    const arrays: ArrayFile[] = [];
    let name = '';
    for (const file of files) {
      const { kind } = await sniff(file);
      if (kind === 'npy') arrays.push(await openNpy(blobSource(file.blob), keyOf(file.path), file.path));
      if (kind === 'npz') arrays.push(...(await npzArrays(file, options)));
      if (kind === 'npy' || kind === 'npz') name ||= datasetName(file.path).replace(/\.np[yz]$/i, '');
    }
    return arrayDataset(name, numpyArrays.id, arrays, options);
  },
};

function keyOf(path: string): string {
  return baseName(path).replace(/\.npy$/i, '');
}

async function npzArrays(file: InputFile, options: OpenOptions): Promise<ArrayFile[]> {
  const members = (await zipDirectory(file, options)).filter(({ path }) => path.endsWith('.npy'));
  if (members.length > MAX_MEMBERS) {
    throw new StudioError('file/too-large', `${file.path} has ${members.length} arrays.`, {
      subject: file.path,
    });
  }
  const unpacked = members.reduce((sum, member) => sum + (isStored(member) ? 0 : member.size), 0);
  if (unpacked > Math.min(MAX_UNPACKED_BYTES, unfoldLimit(file.blob.size))) {
    throw new StudioError(
      'file/too-large',
      `${file.path} unpacks to ${unpacked} bytes, more than are kept in memory; save it with numpy.savez or as .npy, which is read in place.`,
      { subject: file.path },
    );
  }
  const arrays: ArrayFile[] = [];
  for (const member of members) {
    const path = `${keyOf(member.path)} in ${file.path}`;
    arrays.push(await openNpy(await memberSource(file, member), keyOf(member.path), path));
  }
  return arrays;
}

function isStored({ method, size, packedSize }: ZipMember): boolean {
  return method === 0 && size === packedSize;
}

async function memberSource(file: InputFile, member: ZipMember): Promise<ByteSource> {
  if (isStored(member)) {
    const start = await zipMemberStart(file, member);
    return blobSource(file.blob.slice(start, start + member.size));
  }
  return memorySource(await readZipMember(file, member));
}
