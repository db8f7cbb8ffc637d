import { beforeAll, describe, expect, it } from 'vitest';
import { ownKernels } from '../../../../tests/setup/ownKernels';
import { tf } from '../../tf';
import { relativeError, seededValues } from '../reference/check';
import { adamStep, type AdamOptions } from './adam';
import { sgdStep } from './sgd';

const gpu = ownKernels();

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

// Several parameters of odd sizes, more than share a dispatch, make up the SIZE elements.
const CUTS = [0, 1, 400, 403, 404, SIZE];
const cut = (values: Float32Array): Float32Array[] =>
  CUTS.slice(1).map((end, k) => values.slice(CUTS[k], end));

async function join(parts: readonly tf.Variable[]): Promise<Float32Array> {
  const values = await Promise.all(parts.map((part) => part.data()));
  return Float32Array.from(values.flatMap((part) => [...part]));
}

async function runSgd(momentum: number, weightDecay: number): Promise<Float32Array> {
  const params = cut(start).map(variable);
  const velocities = params.map(({ size }) => variable(new Float32Array(size)));
  for (let step = 0; step < STEPS; step++) {
    const grads = cut(gradient(step)).map((part) => tf.tensor1d(part));
    const parts = params.map((param, k) => ({ param, grad: grads[k]!, velocity: velocities[k]! }));
    sgdStep(parts, { learningRate: rate(step), momentum, weightDecay });
    tf.dispose(grads);
    await join(params); // Caches the values, which the next step must drop.
  }
  const values = await join(params);
  tf.dispose([params, velocities]);
  return values;
}

async function runAdam(options: AdamOptions): Promise<Float32Array> {
  const params = cut(start).map(variable);
  const firsts = params.map(({ size }) => variable(new Float32Array(size)));
  const seconds = params.map(({ size }) => variable(new Float32Array(size)));
  for (let step = 0; step < STEPS; step++) {
    const grads = cut(gradient(step)).map((part) => tf.tensor1d(part));
    const parts = params.map((param, k) => {
      return { param, grad: grads[k]!, first: firsts[k]!, second: seconds[k]! };
    });
    adamStep(parts, { ...options, learningRate: rate(step) }, step + 1);
    tf.dispose(grads);
  }
  const values = await join(params);
  tf.dispose([params, firsts, seconds]);
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
      if (!own) gpu.installed.uninstall();
    });

    it('SGD with and without momentum and decay', async () => {
      expect(relativeError(await runSgd(0.9, 5e-2), sgdReference(0.9, 5e-2))).toBeLessThan(1e-6);
      expect(relativeError(await runSgd(0, 0), sgdReference(0, 0))).toBeLessThan(1e-6);
    });

    it('Adam and AdamW', async () => {
      for (const options of [adam, { ...adam, decoupled: true }, { ...adam, weightDecay: 0 }]) {
        expect(relativeError(await runAdam(options), adamReference(options))).toBeLessThan(2e-6);
      }
      expect(gpu.problems).toEqual([]);
    });
  });
}
