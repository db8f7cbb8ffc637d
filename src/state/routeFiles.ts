import type { WireFile } from '../protocol/messages';
import type { FileIdentity } from '../protocol/summaries';

/** Where a drop of files goes: each list in the order the files came. */
export interface FileRoutes {
  readonly models: readonly WireFile[];
  readonly dataset: readonly WireFile[];
  readonly experiments: readonly WireFile[];
  /** An exported defence: its transform, with the label map and the experiment that came with it. */
  readonly bundle: readonly WireFile[];
  readonly labelMaps: readonly WireFile[];
  readonly triggerImages: readonly WireFile[];
  readonly unknown: readonly FileIdentity[];
}

/**
 * Sorts dropped files by what they are. A transform takes the label map and the experiment of the same drop with it; pictures
 * go to the data set when other pictures or archives came along, and to the trigger when they came alone.
 */
export function routeFiles(files: readonly WireFile[], identities: readonly FileIdentity[]): FileRoutes {
  const byPath = new Map(identities.map((identity) => [identity.path, identity]));
  const of = (role: FileIdentity['role']) => files.filter((file) => byPath.get(file.path)?.role === role);
  const transforms = of('transform');
  const experiments = of('experiment');
  const labelMaps = of('label-map');
  const defended = transforms.length > 0;
  const dataset = of('dataset');
  const pictures = of('trigger-image');
  return {
    models: of('model'),
    dataset:
      dataset.length > 0 ? files.filter((file) => dataset.includes(file) || pictures.includes(file)) : [],
    experiments: defended ? [] : experiments,
    bundle: defended ? [...transforms, ...labelMaps, ...experiments] : [],
    labelMaps: defended ? [] : labelMaps,
    triggerImages: dataset.length > 0 ? [] : pictures,
    unknown: identities.filter((identity) => identity.role === 'unknown'),
  };
}
