import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import { installKernels, type InstalledKernels } from '../install';
import { relativeError, seededValues } from '../reference/check';
import { adamStep, type AdamOptions } from './adam';
import { sgdStep } from './sgd';

let open: OpenDevice;
let installed: InstalledKernels;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
  installed = installKernels(open.backend);
});
afterAll(() => {
  installed.uninstall();
  open.close();
});

const SIZE = 1003;
const STEPS = 4;
const start = seededValues(SIZE, 1);
const gradient = (step: number): Float32Array => seededValues(SIZE, 10 + step);
const rate = (step: number): number => 0.1 / (1 + step);

function variable(values: Float32Array): tf.Variable {
  return tf.tidy(() => tf.variable(tf.tensor1d(values)));
}

/** PyTorch's formulas in float64, element by element. */
function sgdReference(momentum: number, weightDecay: number): Float64Array {
  const [p, v] = [Float64Array.from(start), new Float64Array(SIZE)];
  for (let step = 0; step < STEPS; step++) {
    gradient(step).forEach((g, i) => {
      v[i] = momentum * v[i]! + g + weightDecay * p[i]!;
      p[i] = p[i]! - rate(step) * v[i];
    });
  }
  return p;
}

function adamReference(options: AdamOptions): Float64Array {
  const [p, m, v] = [Float64Array.from(start), new Float64Array(SIZE), new Float64Array(SIZE)];
  for (let step = 0; step < STEPS; step++) {
    const { beta1, beta2 } = options;
    gradient(step).forEach((raw, i) => {
      const g = raw + (options.decoupled ? 0 : options.weightDecay * p[i]!);
      if (options.decoupled) p[i] = p[i]! * (1 - rate(step) * options.weightDecay);
      m[i] = beta1 * m[i]! + (1 - beta1) * g;
      v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
      const hat = Math.sqrt(v[i] / (1 - beta2 ** (step + 1)));
      p[i] = p[i]! - (rate(step) * m[i]) / (1 - beta1 ** (step + 1)) / (hat + options.epsilon);
    });
  }
  return p;
}

async function runSgd(momentum: number, weightDecay: number): Promise<Float32Array> {
  // The velocity buffer starts with rubbish: the first step must not read it.
  const [param, velocity] = [variable(start), variable(seededValues(SIZE, 99))];
  for (let step = 0; step < STEPS; step++) {
    const grad = tf.tensor1d(gradient(step));
    sgdStep(param, grad, velocity, { learningRate: rate(step), momentum, weightDecay }, step === 0);
    grad.dispose();
    await param.data(); // Caches the values, which the next step must drop.
  }
  const values = (await param.data()) as Float32Array;
  tf.dispose([param, velocity]);
  return values;
}

async function runAdam(options: AdamOptions): Promise<Float32Array> {
  const [param, first, second] = [
    variable(start),
    variable(new Float32Array(SIZE)),
    variable(new Float32Array(SIZE)),
  ];
  for (let step = 0; step < STEPS; step++) {
    const grad = tf.tensor1d(gradient(step));
    adamStep(param, grad, first, second, { ...options, learningRate: rate(step) }, step + 1);
    grad.dispose();
  }
  const values = (await param.data()) as Float32Array;
  tf.dispose([param, first, second]);
  return values;
}

const adam: AdamOptions = {
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.05,
  decoupled: false,
};

for (const own of [true, false]) {
  describe(own ? 'in-place steps' : 'steps from tfjs primitives', () => {
    beforeAll(() => {
      if (!own) installed.uninstall();
    });

    it('SGD with and without momentum and decay', async () => {
      expect(relativeError(await runSgd(0.9, 5e-2), sgdReference(0.9, 5e-2))).toBeLessThan(1e-6);
      expect(relativeError(await runSgd(0, 0), sgdReference(0, 0))).toBeLessThan(1e-6);
    });

    it('Adam and AdamW', async () => {
      for (const options of [adam, { ...adam, decoupled: true }, { ...adam, weightDecay: 0 }]) {
        expect(relativeError(await runAdam(options), adamReference(options))).toBeLessThan(2e-6);
      }
      expect(problems).toEqual([]);
    });
  });
}
