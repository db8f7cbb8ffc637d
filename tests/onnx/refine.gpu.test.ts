import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/compute/analysis/evaluate';
import { refineDefense } from '../../src/compute/defenses/refineDefense';
import { openDevice, type OpenDevice } from '../../src/compute/device/device';
import { installKernels, type InstalledKernels } from '../../src/compute/kernels/install';
import { drawLabelMap } from '../../src/compute/refine/labelMap';
import { RefineTrainer } from '../../src/compute/refine/trainer';
import { victimOf } from '../../src/compute/victim/victim';
import type { ImageDataset } from '../../src/data/dataset';
import { limitSplit } from '../../src/data/subsets';
import { openDataset } from '../../src/formats/datasets/openDataset';
import type { InputFile } from '../../src/formats/input';
import { CIFAR10_NORMALIZATION, recipeDefaults, type RefineSettings } from '../../src/protocol/experiment';
import { loadModel } from '../../src/worker/engine/loadModel';
import { sharedPath } from '../setup/shared';
import { numbersOf, runTo } from '../setup/smallRefine';

// One backdoored network as PyTorch's weights and as the ONNX graph exported from them, defended with the same settings on real images.
const MODELS = ['models/badnets_resnet18_w16.pth', 'models/badnets_resnet18_w16.onnx'] as const;
const DATA = 'data/cifar10_images.zip';
const absent = [...MODELS, DATA].filter((path) => sharedPath(path) === null);

const SEED = 666;
const STEPS = 5;
const TESTED = 50;
/** A small rate: whether a single unit passes, which rounding may decide, is to matter little within these steps. */
const SETTINGS: RefineSettings = {
  ...recipeDefaults('official', SEED),
  firstChannels: 4,
  batchSize: 16,
  augmentation: 'flip',
  optimizer: { kind: 'sgd', learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4 },
  schedule: { kind: 'constant' },
  maxSteps: STEPS,
};
const MAP = drawLabelMap(SETTINGS.mapping, 10, SEED);

let open: OpenDevice;
let installed: InstalledKernels;
let dataset: ImageDataset;

beforeAll(async () => {
  if (absent.length > 0) return;
  open = await openDevice();
  installed = installKernels(open.backend);
  dataset = await openDataset([await fileAt(DATA)]);
});

afterAll(() => {
  installed?.uninstall();
  open?.close();
});

async function fileAt(path: string): Promise<InputFile> {
  const { openAsBlob } = await import('node:fs');
  return { path: path.slice(path.lastIndexOf('/') + 1), blob: await openAsBlob(sharedPath(path)!) };
}

async function runOn(model: string) {
  const { height, width } = dataset;
  const victim = victimOf((await loadModel(await fileAt(model))).build(), {
    normalization: { mean: [...CIFAR10_NORMALIZATION.mean], std: [...CIFAR10_NORMALIZATION.std] },
    channelOrder: 'RGB',
  });
  const trainer = new RefineTrainer({
    victim,
    split: limitSplit(dataset.train, STEPS * SETTINGS.batchSize, SEED),
    height,
    width,
    settings: SETTINGS,
    seed: SEED,
    labelMap: MAP,
    logEverySteps: 1,
  });
  const defended = refineDefense(trainer.model, MAP, 'REFINE');
  const correct = async (how: 'undefended' | 'defended'): Promise<number> => {
    const { benignAccuracy } = await evaluate({
      split: dataset.test!,
      height,
      width,
      classes: 10,
      predict: how === 'defended' ? defended.predict : (pixels) => victim.forwardPixels(pixels).logits,
      trigger: null,
      target: 0,
      labelMap: how === 'defended' ? MAP : null,
      batchSize: 50,
      limit: TESTED,
      seed: SEED,
    });
    return benignAccuracy!.count;
  };
  const before = await correct('undefended');
  const losses = numbersOf(await runTo(trainer));
  const after = await correct('defended');
  const { planning } = trainer;
  trainer.dispose();
  victim.dispose();
  return { before, losses, after, planning: planning.kind };
}

describe.skipIf(absent.length > 0)('REFINE on badnets_resnet18_w16 (files beside the checkout)', () => {
  it('takes the same steps on the .onnx as on the .pth', async () => {
    const weights = await runOn(MODELS[0]);
    const graph = await runOn(MODELS[1]);
    expect([weights.planning, graph.planning]).toEqual(['planned', 'planned']);
    expect(graph.losses).toHaveLength(STEPS);
    const errors = graph.losses.map((row, step) => Math.abs(row.loss / weights.losses[step]!.loss - 1));
    console.log(
      `  losses of ${STEPS} steps, relative difference: ${errors.map((e) => e.toExponential(1)).join(', ')}`,
    );
    // PyTorch's exporter folded batch-norm into the one's weights, and ours into the other's.
    expect(errors[0]).toBeLessThan(1e-5);
    expect(Math.max(...errors)).toBeLessThan(1e-3);
    expect(new Set(graph.losses.map(({ loss }) => loss)).size).toBe(STEPS);
    expect(graph.before).toBe(weights.before);
    // It is the trained network: 81.9 % of all test images.
    expect(graph.before).toBeGreaterThan(0.7 * TESTED);
    expect(Math.abs(graph.after - weights.after)).toBeLessThanOrEqual(1);
  });
});
