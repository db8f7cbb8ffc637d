import { resizeBilinear } from '../formats/images/resample';
import type { ImageDataset, ImageSplit } from './dataset';

/**
 * The data set with every image brought to `width` x `height` as torchvision's `Resize((height, width))` does it
 * (bilinear with antialiasing, PIL's bytes). One of that size already comes back as it is.
 */
export function resizedDataset(dataset: ImageDataset, height: number, width: number): ImageDataset {
  if (dataset.height === height && dataset.width === width) return dataset;
  const resize = (split: ImageSplit) => resizedSplit(split, dataset, height, width);
  const note = `Each image of ${dataset.width}x${dataset.height} is brought to ${width}x${height} as torchvision's Resize does it.`;
  return {
    name: dataset.name,
    format: dataset.format,
    classNames: dataset.classNames,
    height,
    width,
    train: resize(dataset.train),
    test: dataset.test === null ? null : resize(dataset.test),
    notes: [...(dataset.notes ?? []), note],
  };
}

function resizedSplit(split: ImageSplit, from: ImageDataset, height: number, width: number): ImageSplit {
  const imageBytes = height * width * 3;
  const sourceBytes = from.height * from.width * 3;
  return {
    count: split.count,
    labels: split.labels,
    ...(split.contentKey
      ? { contentKey: async () => `${await split.contentKey?.()} at ${width}x${height}` }
      : {}),
    async read(indices) {
      const pixels = new Uint8Array(await split.read(indices));
      const out = new Uint8Array(indices.length * imageBytes);
      for (let i = 0; i < indices.length; i++) {
        const data = pixels.subarray(i * sourceBytes, (i + 1) * sourceBytes);
        const image = { width: from.width, height: from.height, data };
        out.set(resizeBilinear(image, width, height).data, i * imageBytes);
      }
      return out;
    },
  };
}
