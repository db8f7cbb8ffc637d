import { cifarBinary } from './cifarBinary';
import { cifarPython } from './cifarPython';
import type { DatasetFormat } from './format';
import { imageFolder } from './imageFolder';
import { imageZip } from './imageZip';

/** Every data set format, the more particular first: the first that matches opens the files. */
export const DATASET_FORMATS: readonly DatasetFormat[] = [imageZip, cifarBinary, cifarPython, imageFolder];
