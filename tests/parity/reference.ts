import type { RefineModel } from '../../src/compute/refine/refineModel';
import { createOptimizer } from '../../src/compute/optimizers/createOptimizer';
import { createSchedule } from '../../src/compute/optimizers/schedule';
import { inverseMap } from '../../src/compute/refine/labelMap';
import { refineLossAndGradients } from '../../src/compute/refine/refineLoss';
import { tf } from '../../src/compute/tf';
import type { RefineSettings } from '../../src/protocol/experiment';

/** What a few steps on one batch gave. */
export interface StepsTaken {
  /** [total, classification, supcon] of every step. */
  readonly losses: readonly (readonly number[])[];
  /** First step's gradients, PyTorch's names and layout. */
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly labels: readonly number[];
}

/** Values of a device tensor in PyTorch's order (HWIO to OIHW). */
async function torchOrder(tensor: tf.Tensor): Promise<Float32Array> {
  const ordered = tf.tidy(() => (tensor.rank === 4 ? tf.transpose(tensor, [3, 2, 0, 1]) : tf.add(tensor, 0)));
  const values = await ordered.data<'float32'>();
  ordered.dispose();
  return values;
}

/** Takes `steps` training steps on the same batch (float32 RGB in [0,1]). */
export async function takeSteps(
  model: RefineModel,
  pixels: tf.Tensor4D,
  map: readonly number[],
  settings: RefineSettings,
  steps: number,
): Promise<StepsTaken> {
  const optimizer = createOptimizer(settings.optimizer, model.transform.parameters);
  const rates = createSchedule({ kind: 'constant' }, settings.optimizer, {
    totalSteps: steps,
    stepsPerEpoch: 1,
  });
  const inverse = tf.tensor1d(inverseMap(map), 'int32');
  const pseudo = model.pseudoLabels(pixels);
  const labels = [...(await pseudo.data())];
  const losses: number[][] = [];
  const first = new Map<string, Float32Array>();
  for (let step = 0; step < steps; step++) {
    const taken = refineLossAndGradients(model, pixels, inverse, settings, pseudo);
    losses.push([...(await taken.losses.data())]);
    for (const [name, gradient] of taken.gradients) {
      if (step === 0) first.set(name, await torchOrder(gradient));
    }
    optimizer.step(taken.gradients, rates(step));
    taken.losses.dispose();
    for (const gradient of taken.gradients.values()) gradient.dispose();
  }
  tf.dispose([inverse, pseudo]);
  optimizer.dispose();
  return { losses, gradients: first, labels };
}

/** Biases of convolutions in front of batch-norm: analytically without gradient, so left out of every comparison. */
export function isBeforeNorm(name: string): boolean {
  return /double_conv\.[03]\.bias$/.test(name);
}

/** Largest and median error of a set of named comparisons, and where the largest is. */
export function summarise(errors: ReadonlyMap<string, number>): {
  max: number;
  median: number;
  worst: string;
} {
  const sorted = [...errors].sort((a, b) => a[1] - b[1]);
  const [worst, max] = sorted.at(-1) ?? ['none', NaN];
  return { max, worst, median: sorted[Math.floor(sorted.length / 2)]?.[1] ?? NaN };
}

/** The table of the parity report: one row a step. */
export function lossTable(
  title: string,
  ours: readonly (readonly number[])[],
  float32: readonly number[],
  float64: readonly number[],
): string {
  const head = '  step  ours          PyTorch f32   PyTorch f64   rel. error (f64)';
  const rows = float64.map((reference, step) => {
    const loss = ours[step]?.[0] ?? NaN;
    const cells = [loss, float32[step] ?? NaN, reference].map((value) => value.toFixed(9).padEnd(13));
    return `  ${String(step).padEnd(5)} ${cells.join(' ')} ${Math.abs(loss / reference - 1).toExponential(2)}`;
  });
  return [title, head, ...rows].join('\n');
}
