import { create } from 'zustand';
import type { Experiment } from '../protocol/experiment';
import type { AttackDescriptor, WeightsFile } from '../protocol/summaries';
import { useDeviceStore } from './deviceStore';
import { useModelStore } from './modelStore';

interface WeightsState {
  /** Files of weights that the engine has, by path. */
  readonly files: Readonly<Record<string, WeightsFile>>;
}

export const useWeightsStore = create<WeightsState>()(() => ({ files: {} }));

/** The engine has this file now. */
export function weightsOpened(file: WeightsFile): void {
  useWeightsStore.setState(({ files }) => ({ files: { ...files, [file.path]: file } }));
}

/** Where an experiment names a file of weights, and what for: to end "open it: ..." with. */
export interface NamedWeights {
  readonly subject: string;
  readonly path: string;
  readonly use: 'transform' | 'classifier' | 'surrogate';
}

const USES: Readonly<Record<NamedWeights['use'], string>> = {
  transform: 'the transform starts from it',
  classifier: 'the classifier starts from it',
  surrogate: 'the attack is made against it',
};

/** The files of weights that an experiment names beside its model. */
export function namedWeights(
  { defense, model, attack }: Pick<Experiment, 'defense' | 'model' | 'attack'>,
  attacks: readonly AttackDescriptor[],
): readonly NamedWeights[] {
  const options = attacks.find(({ kind }) => kind === attack?.kind)?.options ?? [];
  const named: { subject: string; path: unknown; use: NamedWeights['use'] }[] = [
    { subject: 'defense.initialWeights', path: defense.initialWeights, use: 'transform' },
    { subject: 'model.train.initialWeights', path: model.train?.initialWeights, use: 'classifier' },
    ...options
      .filter(({ kind }) => kind === 'file')
      .map(({ key }) => ({
        subject: `attack.options.${key}`,
        path: attack?.options[key],
        use: 'surrogate' as const,
      })),
  ];
  return named.flatMap(({ subject, path, use }) =>
    typeof path === 'string' ? [{ subject, path, use }] : [],
  );
}

/** Why a named file cannot be used, in one sentence; null where it can. @param firstChannels the transform's. */
export function weightsProblem(
  { path, use }: Pick<NamedWeights, 'path' | 'use'>,
  files: WeightsState['files'],
  loadedModel: string | null,
  firstChannels: number,
): string | null {
  const file = files[path];
  if (use !== 'transform' && file === undefined && path === loadedModel) return null;
  if (file === undefined) return `${path} is not here; open it: ${USES[use]}.`;
  if (use !== 'transform') {
    return file.firstChannels === null ? null : `${path} is a transform, where a classifier is wanted.`;
  }
  if (file.firstChannels === null) {
    return `The transform cannot start from ${path}: it holds ${file.label === null ? 'another network' : `the weights of ${file.label}`}.`;
  }
  return file.firstChannels === firstChannels
    ? null
    : `The transform cannot start from ${path}: its first channels are ${file.firstChannels}, and this transform’s ${firstChannels}.`;
}

/** What `weightsProblem` says of the first of these uses that the experiment cannot make of its files, or null. */
export function useWeightsProblem(
  experiment: Pick<Experiment, 'defense' | 'model' | 'attack'>,
  uses: readonly NamedWeights['use'][],
): string | null {
  const files = useWeightsStore((state) => state.files);
  const loaded = useModelStore((state) => state.summary?.fileName ?? null);
  const attacks = useDeviceStore((state) => state.attacks);
  for (const named of namedWeights(experiment, attacks)) {
    if (!uses.includes(named.use)) continue;
    const problem = weightsProblem(named, files, loaded, experiment.defense.firstChannels);
    if (problem !== null) return problem;
  }
  return null;
}
