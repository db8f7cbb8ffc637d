import type { HostileFiles } from './fuzzedParser';
import { HOSTILE_DATASETS } from './hostileDatasets';
import { HOSTILE_MODELS } from './hostileModels';

/** Files made by hand to harm a parser, by its name. */
export const HOSTILE: Readonly<Record<string, readonly HostileFiles[]>> = {
  ...HOSTILE_MODELS,
  ...HOSTILE_DATASETS,
};
