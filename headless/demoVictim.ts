import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { evaluate } from '../src/compute/analysis/evaluate';
import { attackByKind } from '../src/compute/attacks/registry';
import type { PreparedAttack, Trigger } from '../src/compute/attacks/attack';
import type { OpenDevice } from '../src/compute/device/device';
import { cifarResnetOfDepth } from '../src/compute/nn/cifarResnet';
import { createVictim } from '../src/compute/victim/victim';
import { ClassifierTrainer } from '../src/compute/victim/classifierTrainer';
import type { ImageDataset } from '../src/data/dataset';
import { drawnSigns } from '../src/data/drawn/drawnSigns';
import { writePth } from '../src/formats/exports/pthWriter';
import type { StateDict } from '../src/formats/models/stateDict';
import { CIFAR10_NORMALIZATION, type NormalizationSettings } from '../src/protocol/experiment';
import type { Evaluation } from '../src/protocol/results';
import { victimTrainingSchema } from '../src/protocol/training';

const SEED = 1;
const WIDTH = 8;
const DEPTH = 18;
const TARGET = 0;
const EPOCHS = 4;
const BATCH_SIZE = 32;
const LEARNING_RATE = 0.003;
const EVALUATION_BATCH = 100;

/** How the demo's victim is made. */
export interface DemoVictimOptions {
  /** Open, with whatever kernels are wanted installed; stays the caller's. */
  readonly device: OpenDevice;
  /** Folder for `victim.pth` and `victim.json`; made where it is missing. */
  readonly out: string;
  /** The command to record in `victim.json`. */
  readonly command: string;
  /** A line of progress. */
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** What `victim.json` says. */
export interface DemoVictimCard {
  readonly file: string;
  readonly architecture: string;
  readonly classes: readonly string[];
  readonly channelOrder: 'RGB';
  readonly normalization: NormalizationSettings;
  readonly attack: {
    readonly kind: string;
    readonly label: string;
    readonly target: number;
    readonly poisonRate: number;
    readonly options: Readonly<Record<string, unknown>>;
  };
  readonly training: Readonly<Record<string, unknown>>;
  readonly measured: Pick<Evaluation, 'benignAccuracy' | 'attackSuccessRate'> & { readonly on: string };
  readonly command: string;
  readonly adapter: string;
  readonly trainingSeconds: number;
}

/**
 * Trains the demo's backdoored classifier on the built-in signs, measures it, and writes `victim.pth` and
 * `victim.json` into `out`. The same adapter gives the same bytes.
 *
 * @throws StudioError as `ClassifierTrainer` and `evaluate` do; what writing files throws.
 */
export async function trainDemoVictim(options: DemoVictimOptions): Promise<DemoVictimCard> {
  const { device, out, log } = options;
  const signs = drawnSigns();
  const normalization: NormalizationSettings = {
    mean: [...CIFAR10_NORMALIZATION.mean],
    std: [...CIFAR10_NORMALIZATION.std],
  };
  const { height, width, classNames } = signs;
  const context = { height, width, classes: classNames.length, target: TARGET, seed: SEED, image: noImage };
  const trigger = await attackByKind('badnets').prepare({}, context);
  const plan = trigger.plan(labelsOf(signs), SEED);
  const started = performance.now();
  const state = await train(signs, normalization, trigger, options);
  const trainingSeconds = (performance.now() - started) / 1000;
  log(`trained in ${trainingSeconds.toFixed(1)} s; measuring`);
  const measured = await measure(signs, normalization, trigger, state);
  const card: DemoVictimCard = {
    file: 'victim.pth',
    architecture: cifarResnetOfDepth(DEPTH, WIDTH, classNames.length).label,
    classes: classNames,
    channelOrder: 'RGB',
    normalization,
    attack: {
      kind: 'badnets',
      label: trigger.label,
      target: TARGET,
      poisonRate: plan.poison.length / plan.count,
      options: {},
    },
    training: {
      data: `${signs.train.count} drawn images`,
      seed: SEED,
      epochs: EPOCHS,
      batchSize: BATCH_SIZE,
      optimizer: `Adam, one-cycle to ${LEARNING_RATE}`,
      augmentation: 'none',
    },
    measured: {
      on: `${signs.test?.count ?? 0} drawn test images`,
      benignAccuracy: measured.benignAccuracy,
      attackSuccessRate: measured.attackSuccessRate,
    },
    command: options.command,
    adapter: device.adapter.name,
    trainingSeconds: Math.round(trainingSeconds),
  };
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'victim.pth'), writePth(state));
  await writeFile(join(out, 'victim.json'), `${JSON.stringify(card, null, 2)}\n`);
  return card;
}

function noImage(): Promise<never> {
  return Promise.reject(new Error('The BadNets trigger asks for no image.'));
}

function labelsOf(signs: ImageDataset): Int32Array {
  return signs.train.labels ?? new Int32Array(0);
}

async function train(
  signs: ImageDataset,
  normalization: NormalizationSettings,
  attack: PreparedAttack,
  { log, signal }: DemoVictimOptions,
): Promise<StateDict> {
  const trainer = new ClassifierTrainer({
    bound: cifarResnetOfDepth(DEPTH, WIDTH, signs.classNames.length),
    split: signs.train,
    height: signs.height,
    width: signs.width,
    normalization,
    poison: await attack.poisoner(attack.plan(labelsOf(signs), SEED), { split: signs.train, seed: SEED }),
    attack: { kind: attack.kind, target: TARGET, options: {} },
    settings: victimTrainingSchema.parse({
      optimizer: { kind: 'adam', learningRate: LEARNING_RATE },
      schedule: { kind: 'onecycle', maxLearningRate: LEARNING_RATE },
      augmentation: 'none',
      batchSize: BATCH_SIZE,
      epochs: EPOCHS,
    }),
    seed: SEED,
    logEverySteps: 20,
  });
  try {
    for await (const { step, epoch, loss } of trainer.run(signal)) {
      if (loss === null) continue;
      log(`step ${step} of ${trainer.totalSteps}, epoch ${epoch + 1}, loss ${loss.toFixed(4)}`);
    }
    return await trainer.network.stateDict();
  } finally {
    trainer.dispose();
  }
}

/** Benign accuracy and attack success over all test images, of the weights as they are written. */
async function measure(
  signs: ImageDataset,
  normalization: NormalizationSettings,
  trigger: Trigger,
  state: StateDict,
): Promise<Evaluation> {
  const network = cifarResnetOfDepth(DEPTH, WIDTH, signs.classNames.length);
  const victim = createVictim(network, state, { normalization, channelOrder: 'RGB' });
  try {
    return await evaluate({
      split: signs.test ?? signs.train,
      height: signs.height,
      width: signs.width,
      classes: signs.classNames.length,
      predict: (pixels) => victim.forwardPixels(pixels).logits,
      trigger,
      target: TARGET,
      labelMap: null,
      batchSize: EVALUATION_BATCH,
      limit: null,
      seed: SEED,
    });
  } finally {
    victim.dispose();
  }
}
