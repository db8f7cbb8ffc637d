import type { Experiment } from '../../protocol/experiment';
import type { SweepProgress } from '../../protocol/messages';
import type { AttackDescriptor, DatasetSummary, ModelSummary } from '../../protocol/summaries';
import type { Loading } from '../../state/loading';
import { isLive, type RunPhase } from '../../state/runStore';
import type { StepName } from '../../state/viewStore';
import { formatCount, formatParameters, formatPercent } from '../common/format';

/** What a step of the rail says of itself. */
export interface StepState {
  readonly status: 'empty' | 'busy' | 'done' | 'problem' | 'optional';
  readonly line: string;
}

/** All that the rail's lines are made of. */
export interface RailInput {
  readonly model: ModelSummary | null;
  readonly modelLoading: Loading;
  readonly dataset: DatasetSummary | null;
  readonly datasetLoading: Loading;
  readonly experiment: Experiment;
  readonly invalidFields: number;
  readonly attacks: readonly AttackDescriptor[];
  readonly classNames: readonly string[];
  readonly map: readonly number[] | null;
  readonly phase: RunPhase;
  readonly step: number;
  /** The engine holds a transform. */
  readonly exportable: boolean;
  readonly totalSteps: number;
  readonly measured: number | null;
  readonly hasTsne: boolean;
  readonly grids: number;
  readonly runs: number;
  /** The lab's classifier. */
  readonly victim: RunPhase;
  readonly victimProgress: { readonly step: number; readonly totalSteps: number };
  readonly sweep: SweepProgress | null;
  /** The black box's surrogate: its distillation, and whether it is the loaded model. */
  readonly surrogate: {
    readonly phase: RunPhase;
    readonly step: number;
    readonly totalSteps: number;
    readonly loaded: boolean;
  };
}

/** Every step's own state in one line. */
export function stepStates(input: RailInput): Record<StepName, StepState> {
  return {
    model: modelState(input),
    images: imagesState(input),
    lab: labState(input),
    trigger: triggerState(input),
    remap: remapState(input),
    train: trainState(input),
    inspect: inspectState(input),
    compare: {
      status: 'optional',
      line: input.runs === 0 ? 'no stored runs' : `${input.runs} stored ${input.runs === 1 ? 'run' : 'runs'}`,
    },
    export: exportState(input),
  };
}

function modelState({ model, modelLoading, experiment, surrogate }: RailInput): StepState {
  if (experiment.model.blackBox !== null && !surrogate.loaded) return surrogateState(surrogate);
  if (modelLoading.kind === 'loading') return { status: 'busy', line: 'reading…' };
  if (model === null) {
    return modelLoading.kind === 'failed'
      ? { status: 'problem', line: 'could not be read' }
      : { status: 'empty', line: 'none yet' };
  }
  const line = `${model.architectureLabel.split(',')[0] ?? ''} · ${formatParameters(model.parameters)}`;
  if (model.verdict === 'can-be-defended') return { status: 'done', line };
  return {
    status: 'problem',
    line: model.verdict === 'unsupported' ? 'unsupported' : 'can only be evaluated',
  };
}

function surrogateState({ phase, step, totalSteps }: RailInput['surrogate']): StepState {
  const share = totalSteps === 0 ? '' : formatPercent(step / totalSteps, 0);
  if (phase === 'paused') return { status: 'busy', line: `paused at ${share}` };
  if (phase === 'training') return { status: 'busy', line: `distilling, ${share}` };
  if (isLive(phase)) return { status: 'busy', line: 'at work…' };
  if (phase === 'failed') return { status: 'problem', line: 'distillation failed' };
  return step > 0 ? { status: 'empty', line: 'surrogate distilled' } : { status: 'empty', line: 'black box' };
}

function imagesState({ dataset, datasetLoading }: RailInput): StepState {
  if (datasetLoading.kind === 'loading') return { status: 'busy', line: 'reading…' };
  if (dataset === null) {
    return datasetLoading.kind === 'failed'
      ? { status: 'problem', line: 'could not be read' }
      : { status: 'empty', line: 'none yet' };
  }
  const test = dataset.testCount === null ? 'no test part' : formatCount(dataset.testCount);
  return { status: 'done', line: `${formatCount(dataset.trainCount)} + ${test}` };
}

function labState({ victim, victimProgress: { step, totalSteps }, sweep, experiment }: RailInput): StepState {
  if (sweep?.status === 'running') {
    return { status: 'busy', line: `matrix, run ${sweep.index + 1} of ${sweep.count}` };
  }
  const share = totalSteps === 0 ? '' : formatPercent(step / totalSteps, 0);
  if (isLive(victim)) {
    if (victim === 'paused') return { status: 'busy', line: `paused at ${share}` };
    return { status: 'busy', line: victim === 'training' ? `training, ${share}` : 'at work…' };
  }
  if (experiment.model.train !== null) return { status: 'problem', line: 'train the victim' };
  if (victim === 'done') return { status: 'optional', line: 'classifier trained' };
  return { status: 'optional', line: 'optional' };
}

function triggerState({ experiment: { attack }, attacks, classNames }: RailInput): StepState {
  if (attack === null) return { status: 'optional', line: 'none known' };
  const label = attacks.find(({ kind }) => kind === attack.kind)?.label ?? attack.kind;
  return { status: 'done', line: `${label} → ${classNames[attack.target] ?? `class ${attack.target}`}` };
}

function remapState({ experiment, map }: RailInput): StepState {
  const { mapping } = experiment.defense;
  const status = map === null ? 'empty' : 'done';
  switch (mapping.kind) {
    case 'derangement':
      return { status, line: `derangement, seed ${mapping.seed ?? experiment.seed}` };
    case 'shift':
      return { status, line: 'shift by one' };
    case 'identity':
      return { status, line: 'none (ablation)' };
    case 'explicit':
      return { status, line: 'your own' };
  }
}

function trainState({ phase, step, totalSteps, invalidFields, measured }: RailInput): StepState {
  const share = totalSteps === 0 ? '' : formatPercent(step / totalSteps, 0);
  switch (phase) {
    case 'idle':
      if (invalidFields > 0) return { status: 'problem', line: `${invalidFields} not valid` };
      return { status: 'empty', line: 'not started' };
    case 'preparing':
      return { status: 'busy', line: 'preparing…' };
    case 'evaluating-before':
    case 'evaluating':
      return { status: 'busy', line: 'measuring…' };
    case 'training':
      return { status: 'busy', line: `training, ${share}` };
    case 'paused':
      return { status: 'busy', line: `paused at ${share}` };
    case 'restored':
      return { status: 'done', line: 'restored defence' };
    case 'done':
      return { status: 'done', line: measured === null ? 'done' : `done, ASR ${formatPercent(measured)}` };
    case 'stopped':
      return { status: 'done', line: `stopped at ${share}` };
    case 'failed':
      return { status: 'problem', line: 'failed' };
  }
}

function inspectState({ grids, hasTsne, phase }: RailInput): StepState {
  if (grids === 0 && !hasTsne) return { status: 'empty', line: 'after the start' };
  const parts = [grids === 0 ? '' : `${grids} ${grids === 1 ? 'grid' : 'grids'}`, hasTsne ? 't-SNE' : ''];
  return { status: isLive(phase) ? 'busy' : 'done', line: parts.filter(Boolean).join(', ') };
}

function exportState({ exportable }: RailInput): StepState {
  return exportable
    ? { status: 'optional', line: 'transform and map' }
    : { status: 'empty', line: 'after training' };
}
