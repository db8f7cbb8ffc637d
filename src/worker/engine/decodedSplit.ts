import type { ImageSplit } from '../../data/dataset';
import { asStudioError, type StudioError } from '../../protocol/errors';
import type { DecodedStore } from '../../storage/decodedStore';

/**
 * The split with each image decoded once, when it is first asked for, and read from `store` from then on. Where the store cannot be
 * written any more (`onFull` hears why, once) images that are not in it are decoded each time.
 * @throws from `read`: what the split's own throws.
 */
export function decodedSplit(
  split: ImageSplit,
  store: DecodedStore,
  onFull: (why: StudioError) => void,
): ImageSplit {
  const { imageBytes } = store;
  let full = false;
  const keep = async (index: number, image: Uint8Array): Promise<void> => {
    if (full) return;
    try {
      await store.write(index, image);
    } catch (thrown) {
      // Several writes may be under way at once.
      if (full as boolean) return;
      full = true;
      onFull(asStudioError(thrown));
    }
  };
  return {
    count: split.count,
    labels: split.labels,
    async read(indices) {
      const out = new Uint8Array(indices.length * imageBytes);
      const image = (place: number) => out.subarray(place * imageBytes, (place + 1) * imageBytes);
      const places = Array.from({ length: indices.length }, (_, place) => place);
      const found = await Promise.all(places.map((place) => store.read(indices[place] ?? -1, image(place))));
      const missing = [
        ...new Set(places.filter((place) => found[place] !== true).map((place) => indices[place] ?? -1)),
      ];
      if (missing.length === 0) return out;
      const decoded = await split.read(missing);
      const at = new Map(missing.map((index, i) => [index, i]));
      for (const place of places) {
        const i = at.get(indices[place] ?? -1);
        if (i !== undefined) image(place).set(decoded.subarray(i * imageBytes, (i + 1) * imageBytes));
      }
      for (const [index, i] of at) await keep(index, decoded.subarray(i * imageBytes, (i + 1) * imageBytes));
      return out;
    },
  };
}
