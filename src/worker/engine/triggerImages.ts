import type { TriggerContext } from '../../compute/attacks/attack';
import { decodeAlpha, decodeImage } from '../../formats/images/decode';
import type { InputFile } from '../../formats/input';
import { StudioError } from '../../protocol/errors';

type DecodedImage = Awaited<ReturnType<TriggerContext['image']>>;

/** The pictures that attack options may name, by the path they were dropped under. */
export class TriggerImages {
  private readonly images = new Map<string, { readonly file: InputFile; readonly image: DecodedImage }>();

  /** Decodes and keeps a picture, in place of one of the same path; returns its id. @throws StudioError as `decodeImage`. */
  async add(file: InputFile): Promise<string> {
    const bytes = new Uint8Array(await file.blob.arrayBuffer());
    const { height, width, data } = await decodeImage(bytes, file.path);
    const alpha = await decodeAlpha(bytes, file.path);
    this.images.set(file.path, { file, image: { height, width, data, alpha } });
    return file.path;
  }

  /** @throws StudioError `trigger/invalid` where no picture of that name is there. */
  get(id: string): Promise<DecodedImage> {
    const found = this.images.get(id);
    if (found) return Promise.resolve(found.image);
    return Promise.reject(
      new StudioError(
        'trigger/invalid',
        `The trigger wants the picture ${id}, which is not loaded. Drop it on the page.`,
        {
          subject: 'attack.options',
        },
      ),
    );
  }

  /** As they were dropped, to be stored. */
  files(): InputFile[] {
    return [...this.images.values()].map(({ file }) => file);
  }

  clear(): void {
    this.images.clear();
  }
}
