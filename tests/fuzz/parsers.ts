import { DATASETS } from './datasetParsers';
import { HOSTILE } from './hostile';
import { MODELS } from './modelParsers';
import type { FuzzedParser } from './fuzzedParser';

/** Every parser that reads a stranger's bytes, with the files made to harm it. */
export const PARSERS: readonly FuzzedParser[] = [...MODELS, ...DATASETS].map((parser) => ({
  ...parser,
  hostile: HOSTILE[parser.name] ?? [],
}));
