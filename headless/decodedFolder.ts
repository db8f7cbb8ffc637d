import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { DecodedStores } from '../src/storage/decodedStores';
import { openFolderRandomFiles } from './folderRandomFiles';

/** Where decoded images are kept between commands: `REFINE_STUDIO_CACHE`, else a folder of this user's in the system's temporary one. */
export function decodedFolder(): string {
  return (
    process.env['REFINE_STUDIO_CACHE'] ?? join(tmpdir(), `refine-studio-${userInfo().username}`, 'decoded')
  );
}

/** The stores in that folder; null where it cannot be used: images are then decoded again when they are needed. */
export async function openDecodedStores(folder = decodedFolder()): Promise<DecodedStores | null> {
  try {
    return new DecodedStores(await openFolderRandomFiles(folder));
  } catch {
    return null;
  }
}
