import { describe, expect, it } from 'vitest';
import fixture from '../../../tests/fixtures/parity/schedules.json';
import type { OptimizerSettings, ScheduleSettings } from '../../protocol/experiment';
import { createSchedule } from './schedule';

const sgd: OptimizerSettings = { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 0 };
const adam: OptimizerSettings = {
  kind: 'adam',
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
};
const oneCycle = { kind: 'onecycle', pctStart: 0.3, divFactor: 25, finalDivFactor: 1e4 } as const;

const SETTINGS: Readonly<Record<string, readonly [ScheduleSettings, OptimizerSettings]>> = {
  multistep: [{ kind: 'multistep', milestones: [2, 5], gamma: 0.8 }, sgd],
  cosine: [{ kind: 'cosine' }, sgd],
  'onecycle adam': [{ ...oneCycle, maxLearningRate: 0.004, pctStart: 0.2 }, adam],
  'onecycle sgd': [{ ...oneCycle, maxLearningRate: 0.1, divFactor: 10, finalDivFactor: 100 }, sgd],
};

describe('createSchedule', () => {
  it.each(fixture)('$name gives the rates of torch.optim.lr_scheduler', ({ name, rates, ...span }) => {
    const [schedule, optimizer] = SETTINGS[name]!;
    const rate = createSchedule(schedule, optimizer, span);
    for (const [step, [learningRate, momentum]] of rates.entries()) {
      const ours = rate(step);
      expect(Math.abs(ours.learningRate - learningRate!)).toBeLessThan(1e-9 * 0.01 + 1e-8 * learningRate!);
      expect(ours.momentum).toBeCloseTo(momentum!, 9);
    }
  });

  it('keeps a constant rate and the optimiser’s own momentum', () => {
    const rate = createSchedule({ kind: 'constant' }, adam, { totalSteps: 5, stepsPerEpoch: 2 });
    expect(rate(4)).toEqual({ learningRate: 0.01, momentum: 0.9 });
  });

  it('is finite on the shortest cycles', () => {
    for (const totalSteps of [1, 2, 5, 10]) {
      const schedule = {
        ...oneCycle,
        maxLearningRate: 1,
        pctStart: 1 / totalSteps / (totalSteps === 1 ? 2 : 1),
      };
      for (let step = 0; step < totalSteps; step++) {
        const { learningRate } = createSchedule(schedule, sgd, { totalSteps, stepsPerEpoch: 1 })(step);
        expect(Number.isFinite(learningRate)).toBe(true);
      }
    }
  });
});
