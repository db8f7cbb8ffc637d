import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fixture from '../../../tests/fixtures/parity/optimizers.json';
import type { OptimizerSettings, ScheduleSettings } from '../../protocol/experiment';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels, type InstalledKernels } from '../kernels/install';
import { tf } from '../tf';
import { createOptimizer } from './createOptimizer';
import type { Optimizer } from './optimizer';
import { createSchedule } from './schedule';

const adamFields = { learningRate: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
const constant: ScheduleSettings = { kind: 'constant' };
const oneCycle: ScheduleSettings = {
  kind: 'onecycle',
  maxLearningRate: 0.1,
  pctStart: 0.5,
  divFactor: 25,
  finalDivFactor: 1e4,
};
const SETTINGS: Readonly<Record<string, readonly [OptimizerSettings, ScheduleSettings]>> = {
  sgd: [{ kind: 'sgd', learningRate: 0.05, momentum: 0.9, weightDecay: 0.01 }, constant],
  'sgd without momentum': [{ kind: 'sgd', learningRate: 0.05, momentum: 0, weightDecay: 0 }, constant],
  adam: [{ kind: 'adam', ...adamFields, weightDecay: 0.1 }, constant],
  adamw: [{ kind: 'adamw', ...adamFields, weightDecay: 0.1, epsilon: 1e-6 }, constant],
  'sgd one-cycle': [{ kind: 'sgd', learningRate: 0.05, momentum: 0.9, weightDecay: 0 }, oneCycle],
  'adam one-cycle': [{ kind: 'adam', ...adamFields }, oneCycle],
};
type Values = Readonly<Record<string, readonly number[]>>;
const SHAPES: Readonly<Record<string, number[]>> = fixture.shapes;

class Run {
  readonly weights = new Map<string, tf.Variable>();
  readonly optimizer: Optimizer;
  private readonly rates;

  constructor(name: string, start: Values) {
    const [settings, schedule] = SETTINGS[name]!;
    for (const [key, values] of Object.entries(start)) {
      this.weights.set(
        key,
        tf.tidy(() => tf.variable(tf.tensor([...values], SHAPES[key]))),
      );
    }
    this.optimizer = createOptimizer(settings, this.weights);
    this.rates = createSchedule(schedule, settings, { totalSteps: 4, stepsPerEpoch: 4 });
  }

  step(index: number, gradients: Values): void {
    const tensors = new Map(
      Object.entries(gradients).map(([key, values]) => [key, tf.tensor([...values], SHAPES[key])] as const),
    );
    this.optimizer.step(tensors, this.rates(index));
    for (const tensor of tensors.values()) tensor.dispose();
  }

  async values(): Promise<Record<string, number[]>> {
    const out: Record<string, number[]> = {};
    for (const [key, variable] of this.weights) {
      const copy = tf.tidy(() => tf.add(variable, 0));
      out[key] = [...(await copy.data())];
      copy.dispose();
    }
    return out;
  }

  dispose(): void {
    for (const variable of this.weights.values()) variable.dispose();
    this.optimizer.dispose();
  }
}

function worst(ours: Values, theirs: Values): number {
  let error = 0;
  for (const [key, values] of Object.entries(theirs)) {
    for (const [i, value] of values.entries()) {
      error = Math.max(error, Math.abs(ours[key]![i]! - value) / Math.max(1, Math.abs(value)));
    }
  }
  return error;
}

describe.each(['stock kernels', 'own kernels'])('optimisers on %s', (kernels) => {
  let open: OpenDevice;
  let installed: InstalledKernels | null = null;
  beforeAll(async () => {
    open = await openDevice();
    // Small tensors would otherwise be computed on the CPU.
    tf.env().set('WEBGPU_CPU_FORWARD', false);
    if (kernels === 'own kernels') installed = installKernels(open.backend);
  });
  afterAll(() => {
    installed?.uninstall();
    open.close();
  });

  it.each(fixture.cases)('$name takes the steps of torch.optim', async ({ name, weights }) => {
    const before = tf.memory().numTensors;
    const run = new Run(name, fixture.start);
    for (const [index, expected] of weights.entries()) {
      run.step(index, fixture.gradients[index]!);
      expect(worst(await run.values(), expected), `step ${index}`).toBeLessThan(2e-6);
    }
    run.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(Object.keys(SETTINGS))('%s goes on exactly where a saved state stopped', async (name) => {
    const straight = new Run(name, fixture.start);
    const first = new Run(name, fixture.start);
    for (const index of [0, 1]) {
      straight.step(index, fixture.gradients[index]!);
      first.step(index, fixture.gradients[index]!);
    }
    const second = new Run(name, await first.values());
    second.optimizer.restore(await first.optimizer.state());
    for (const index of [2, 3]) {
      straight.step(index, fixture.gradients[index]!);
      second.step(index, fixture.gradients[index]!);
    }
    expect(await second.values()).toEqual(await straight.values());
    for (const run of [straight, first, second]) run.dispose();
  });

  it('moves a parameter without gradient as one whose gradient is zero', async () => {
    const zero = { w: fixture.gradients[0]!.w.map(() => 0), b: fixture.gradients[0]!.b };
    const given = new Run('sgd', fixture.start);
    const absent = new Run('sgd', fixture.start);
    for (let index = 0; index < 2; index++) {
      given.step(index, zero);
      absent.step(index, { b: zero.b });
    }
    expect(await absent.values()).toEqual(await given.values());
    expect((await absent.values())['w']).not.toEqual(fixture.start.w);
    given.dispose();
    absent.dispose();
  });

  it('refuses the state of another optimiser or another network', async () => {
    const sgd = new Run('sgd', fixture.start);
    const adam = new Run('adam', fixture.start);
    const other = new Run('sgd', { w: fixture.start.w });
    const state = await sgd.optimizer.state();
    expect(() => adam.optimizer.restore(state)).toThrow(/written by sgd/);
    expect(() => other.optimizer.restore(state)).toThrow(/2 optimiser tensors, and 1/);
    for (const run of [sgd, adam, other]) run.dispose();
  });
});
