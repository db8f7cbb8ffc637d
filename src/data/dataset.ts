/**
 * The data set types under the name that data and compute use. They are declared in formats, which makes data sets
 * and may not import from here.
 */
export type { ImageDataset, ImageSplit } from '../formats/datasets/imageDataset';
