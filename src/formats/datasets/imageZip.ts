import { readRange, type InputFile } from '../input';
import { StudioError } from '../../protocol/errors';
import type { DatasetFormat } from './format';
import { openImageFiles } from './imageFiles';
import { datasetName } from './paths';
import { zipDirectory } from './zipDirectory';
import { readZipMember, readZipMemberHead } from './zipMember';

/** Whether the file begins like a zip (also an empty one). */
export async function looksLikeZip(file: InputFile): Promise<boolean> {
  const [p, k, three, four] = await readRange(file.blob, 0, 4);
  return p === 0x50 && k === 0x4b && ((three === 3 && four === 4) || (three === 5 && four === 6));
}

/** A zip of images, with the folder rules of `folderLayout`. Only its directory is read at opening. */
export const imageZip: DatasetFormat = {
  id: 'image-zip',
  label: 'Zip of images',
  async matches(files) {
    const [file] = files;
    return file !== undefined && files.length === 1 && (await looksLikeZip(file));
  },
  async open(files, options) {
    const [zip] = files;
    if (zip === undefined) throw new StudioError('file/missing', 'No zip file was given.');
    const members = await zipDirectory(zip, options);
    if (members.length === 0) {
      throw new StudioError('dataset/no-images', `${zip.path} is an empty zip.`, { subject: zip.path });
    }
    const entries = members.map((member) => ({
      path: member.path,
      size: member.size,
      stamp: String(member.crc),
      read: () => readZipMember(zip, member),
      head: (bytes: number) => readZipMemberHead(zip, member, bytes),
    }));
    return openImageFiles({ name: datasetName(zip.path), path: zip.path }, imageZip.id, entries, options);
  },
};
