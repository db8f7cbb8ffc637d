import type { Augmentation } from '../../data/augment';
import type { ImageSplit } from '../../data/dataset';
import { StudioError } from '../../protocol/errors';
import type { NormalizationSettings, OptimizerSettings, ScheduleSettings } from '../../protocol/experiment';
import type { TrainableNetwork } from '../nn/types';
import { createOptimizer } from '../optimizers/createOptimizer';
import { createSchedule } from '../optimizers/schedule';
import { crossEntropy } from '../refine/classificationLoss';
import { gpuFence } from '../refine/gpuFence';
import { tf } from '../tf';
import type { Poisoner } from '../attacks/attack';
import { ClassifierBatches, type ClassifierBatch } from './classifierBatches';

/** What a classifier is trained on and how. */
export interface ClassifierTraining {
  /** Stays the caller's; what it learned is in it after every event. */
  readonly network: TrainableNetwork;
  /** Must carry labels. */
  readonly split: ImageSplit;
  readonly height: number;
  readonly width: number;
  readonly normalization: NormalizationSettings;
  /** Null: an honest classifier. */
  readonly poison: Poisoner | null;
  readonly optimizer: OptimizerSettings;
  readonly schedule: ScheduleSettings;
  readonly augmentation: Augmentation;
  readonly batchSize: number;
  readonly epochs: number;
  /** Shuffles and augmentation follow from it. */
  readonly seed: number;
  /** The loss is read back every so many steps, and on the last. */
  readonly logEverySteps: number;
}

/** One step of classifier training. */
export interface ClassifierStep {
  /** Steps done, of `totalSteps`. */
  readonly step: number;
  readonly totalSteps: number;
  /** 0-based. */
  readonly epoch: number;
  /** Mean loss of the steps since the last logged one; null on steps that are not logged. */
  readonly loss: number | null;
  readonly learningRate: number;
}

/** Steps whose GPU work may be unfinished while the next one is recorded. */
const STEPS_IN_FLIGHT = 2;

/**
 * Trains a classifier with cross-entropy, one event a step: a consumer pauses by not asking for the next one. The last
 * incomplete batch of an epoch is dropped, as in the official code.
 *
 * @throws StudioError `dataset/bad-labels` without labels or with ones the network has no class for,
 * `experiment/batch-too-large`, `train/non-finite-loss` on a logged step, `aborted` when `signal` aborts.
 */
export async function* trainClassifier(
  training: ClassifierTraining,
  signal?: AbortSignal,
): AsyncGenerator<ClassifierStep> {
  const { network, optimizer: optimizerSettings, epochs, logEverySteps } = training;
  const batches = new ClassifierBatches(training, network.bound.classes ?? 0);
  const totalSteps = epochs * batches.stepsPerEpoch;
  const span = { totalSteps, stepsPerEpoch: batches.stepsPerEpoch };
  const schedule = createSchedule(training.schedule, optimizerSettings, span);
  const optimizer = createOptimizer(optimizerSettings, network.parameters);
  const losses = new LossMeter();
  const fences: Promise<void>[] = [];
  let next = batches.batch(0);
  try {
    for (let step = 1; step <= totalSteps; step++) {
      if (signal?.aborted) throw new StudioError('aborted', 'Training was stopped.');
      const batch = await next;
      const rates = schedule(step - 1);
      const { loss, gradients } = lossAndGradients(training, batch, network);
      optimizer.step(gradients, rates);
      tf.dispose([...gradients.values()]);
      losses.add(loss);
      next = step < totalSteps ? batches.batch(step) : Promise.resolve(batch);
      // It is awaited in the next round; a failure in between must not count as unhandled.
      next.catch(() => undefined);
      fences.push(gpuFence());
      if (fences.length > STEPS_IN_FLIGHT) await fences.shift();
      const logged = step % logEverySteps === 0 || step === totalSteps;
      yield {
        step,
        totalSteps,
        epoch: Math.floor((step - 1) / batches.stepsPerEpoch),
        loss: logged ? await losses.read(step) : null,
        learningRate: rates.learningRate,
      };
    }
  } finally {
    await Promise.allSettled([next, ...fences]);
    losses.dispose();
    optimizer.dispose();
  }
}

/** Cross-entropy of one batch in train mode and its gradients by parameter name; the caller disposes all. */
function lossAndGradients(
  training: Pick<ClassifierTraining, 'height' | 'width'>,
  batch: ClassifierBatch,
  network: TrainableNetwork,
): { loss: tf.Scalar; gradients: Map<string, tf.Tensor> } {
  const count = batch.labels.length;
  const pixels = tf.tensor4d(batch.pixels, [count, training.height, training.width, 3]);
  const targets = tf.tensor2d(batch.targets, [count, batch.targets.length / count]);
  const { value, grads } = tf.variableGrads(
    () => crossEntropy(network.forward(pixels, 'train').output as tf.Tensor2D, targets),
    [...network.parameters.values()],
  );
  tf.dispose([pixels, targets]);
  const gradients = new Map<string, tf.Tensor>();
  for (const [name, variable] of network.parameters) {
    const gradient = grads[variable.name];
    if (gradient) gradients.set(name, gradient);
  }
  return { loss: value, gradients };
}

/** Adds up losses on the GPU until they are read. */
class LossMeter {
  private sum: tf.Scalar | null = null;
  private steps = 0;

  /** Takes ownership of `loss`. */
  add(loss: tf.Scalar): void {
    const { sum } = this;
    this.sum = sum === null ? loss : tf.add<tf.Scalar>(sum, loss);
    if (sum !== null) tf.dispose([sum, loss]);
    this.steps += 1;
  }

  /** The mean since the last read. */
  async read(step: number): Promise<number> {
    const [sum = NaN] = (await this.sum?.data()) ?? [];
    const mean = sum / this.steps;
    this.dispose();
    if (Number.isFinite(mean)) return mean;
    throw new StudioError(
      'train/non-finite-loss',
      `The classifier's loss stopped being a number by step ${step}: lower the learning rate.`,
      { subject: 'model.train.optimizer.learningRate' },
    );
  }

  dispose(): void {
    this.sum?.dispose();
    this.sum = null;
    this.steps = 0;
  }
}
