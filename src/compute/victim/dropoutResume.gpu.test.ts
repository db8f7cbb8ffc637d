import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../tests/setup/ownKernels';
import { RandomStream } from '../../data/random';
import { parseExperiment } from '../../protocol/experiment';
import { architectureById } from '../nn/architectures';
import type { BoundNetwork } from '../nn/network';
import { tf } from '../tf';
import type { Teacher } from './classifierBatches';
import { ClassifierTrainer, type ClassifierTrainingContext } from './classifierTrainer';

const CLASSES = 4;
const SIDE = 32;
const COUNT = 20;

/** torchvision's vgg16_bn: dropout of 0.5 behind both hidden layers. */
const vgg = architectureById('torchvision-vgg16-bn').make({
  width: 2,
  classes: CLASSES,
  inputShape: [SIDE, SIDE, 3],
});
/** torchvision's MobileNetV2: dropout of 0.2 in front of the head. */
const mobilenet = architectureById('torchvision-mobilenetv2').make({
  width: 4,
  classes: CLASSES,
  inputShape: [SIDE, SIDE, 3],
});

const random = new RandomStream(4, 99);
const images = Uint8Array.from({ length: COUNT * SIDE * SIDE * 3 }, () => random.below(256));
const split = {
  count: COUNT,
  labels: Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES),
  read: (indices: Uint32Array) => {
    const size = SIDE * SIDE * 3;
    return Promise.resolve(
      Uint8Array.from(
        Array.from(indices, (index) => [...images.subarray(index * size, (index + 1) * size)]).flat(),
      ),
    );
  },
};

/** Confidences that depend on the image alone. */
const teacher: Teacher = {
  classes: CLASSES,
  confidences: (indices) =>
    Promise.resolve(
      Float32Array.from({ length: indices.length * CLASSES }, (_, i) =>
        (indices[Math.floor(i / CLASSES)]! + i) % CLASSES === 0 ? 0.7 : 0.1,
      ),
    ),
};

function context(bound: BoundNetwork, change: Partial<ClassifierTrainingContext>, train: object = {}) {
  const { model } = parseExperiment({
    version: 1,
    name: 'made',
    model: {
      train: {
        schedule: { kind: 'constant' },
        optimizer: { kind: 'sgd', learningRate: 0.05 },
        augmentation: 'none',
        batchSize: 8,
        epochs: 3,
        ...train,
      },
    },
    dataset: { path: 'x' },
    defense: { kind: 'refine' },
  });
  return {
    bound,
    split,
    height: SIDE,
    width: SIDE,
    normalization: { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.3] },
    channelOrder: 'RGB',
    poison: null,
    attack: null,
    settings: model.train!,
    seed: 5,
    logEverySteps: 1,
    ...change,
  } satisfies ClassifierTrainingContext;
}

async function steps(trainer: ClassifierTrainer, upTo: number): Promise<(number | null)[]> {
  const losses: (number | null)[] = [];
  for await (const { loss, step } of trainer.run()) {
    losses.push(loss);
    if (step === upTo) break;
  }
  return losses;
}

ownKernels();

const cases = [
  ['vgg16_bn', context(vgg, {})],
  ['MobileNetV2', context(mobilenet, {})],
  ['vgg16_bn by the adaptive attacker', context(vgg, {}, { adaptive: { gamma: 0.5, firstChannels: 2 } })],
  ['vgg16_bn distilled from a teacher', context(vgg, { teacher })],
] as const;

// With our kernels alone: the masks are the same bits without them (kernels/dropout), and the stock ones are slow.
describe('training with dropout', () => {
  it.each(cases)('of %s goes on from a checkpoint bit for bit', async (_name, given) => {
    const tensors = tf.memory().numTensors;
    const whole = new ClassifierTrainer(given);
    const expected = await steps(whole, 5);
    const weights = await whole.network.stateDict();
    whole.dispose();

    const first = new ClassifierTrainer(given);
    const before = await steps(first, 3);
    const resume = await first.checkpoint();
    first.dispose();
    const second = new ClassifierTrainer({ ...given, resume });
    expect([...before, ...(await steps(second, 5))]).toEqual(expected);
    expect(await second.network.stateDict()).toEqual(weights);
    second.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
