import { cifarBinary } from './cifarBinary';
import { cifarPython } from './cifarPython';
import type { DatasetFormat } from './format';
import { imageFolder } from './imageFolder';
import { hfParquet } from './hfParquet';
import { idxFiles } from './idxFiles';
import { imageZip } from './imageZip';
import { numpyArrays } from './numpyArrays';

/** Every data set format, the more particular first: the first that matches opens the files. */
export const DATASET_FORMATS: readonly DatasetFormat[] = [
  numpyArrays,
  idxFiles,
  hfParquet,
  imageZip,
  cifarBinary,
  cifarPython,
  imageFolder,
];
