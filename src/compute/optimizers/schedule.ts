import type { OptimizerSettings, ScheduleSettings } from '../../protocol/experiment';
import type { StepRates } from './optimizer';

/** The rates of step s (0-based). */
export type Schedule = (step: number) => StepRates;

/** `OneCycleLR`'s defaults for the momentum it cycles against the learning rate. */
const BASE_MOMENTUM = 0.85;
const MAX_MOMENTUM = 0.95;

/** How long a run is, for the schedules that depend on it. */
export interface ScheduleSpan {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

/**
 * The learning rate and momentum of every step, as `torch.optim.lr_scheduler` sets them: `multistep` by epochs
 * (0-based, `MultiStepLR` stepped after every epoch), `cosine` by steps to zero (`CosineAnnealingLR`, T_max the whole
 * run), `onecycle` by steps with PyTorch's defaults, which also cycle SGD's momentum or Adam's beta1 between 0.95 and
 * 0.85 (`OneCycleLR`, cosine annealing, two phases).
 */
export function createSchedule(
  schedule: ScheduleSettings,
  optimizer: OptimizerSettings,
  span: ScheduleSpan,
): Schedule {
  const { learningRate } = optimizer;
  const momentum = optimizer.kind === 'sgd' ? optimizer.momentum : optimizer.beta1;
  switch (schedule.kind) {
    case 'constant':
      return () => ({ learningRate, momentum });
    case 'multistep':
      return (step) => {
        const epoch = Math.floor(step / span.stepsPerEpoch);
        const passed = schedule.milestones.filter((milestone) => milestone <= epoch).length;
        return { learningRate: learningRate * schedule.gamma ** passed, momentum };
      };
    case 'cosine':
      return (step) => ({
        learningRate: (learningRate * (1 + Math.cos((Math.PI * step) / span.totalSteps))) / 2,
        momentum,
      });
    case 'onecycle':
      return (step) => oneCycle(schedule, span.totalSteps, step);
  }
}

function oneCycle(
  schedule: Extract<ScheduleSettings, { kind: 'onecycle' }>,
  totalSteps: number,
  step: number,
): StepRates {
  const { maxLearningRate, pctStart, divFactor, finalDivFactor } = schedule;
  const initial = maxLearningRate / divFactor;
  const peak = pctStart * totalSteps - 1;
  if (step <= peak) {
    const share = peak === 0 ? 1 : step / peak;
    return {
      learningRate: anneal(initial, maxLearningRate, share),
      momentum: anneal(MAX_MOMENTUM, BASE_MOMENTUM, share),
    };
  }
  const share = (step - peak) / (totalSteps - 1 - peak);
  return {
    learningRate: anneal(maxLearningRate, initial / finalDivFactor, share),
    momentum: anneal(BASE_MOMENTUM, MAX_MOMENTUM, share),
  };
}

/** Half a cosine from `start` (share 0) to `end` (share 1). */
function anneal(start: number, end: number, share: number): number {
  return end + ((start - end) / 2) * (1 + Math.cos(Math.PI * share));
}
