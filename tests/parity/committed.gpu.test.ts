import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../src/compute/device/device';
import { installKernels, type InstalledKernels } from '../../src/compute/kernels/install';
import { setTileChoice, uniformChoice } from '../../src/compute/kernels/tuning/choice';
import { cifarResnetOfDepth } from '../../src/compute/nn/cifarResnet';
import { buildTrainable } from '../../src/compute/nn/trainable';
import { unet } from '../../src/compute/nn/unet';
import { createVictim } from '../../src/compute/victim/victim';
import { RefineModel } from '../../src/compute/refine/refineModel';
import { tf } from '../../src/compute/tf';
import { toUnitFloats } from '../../src/data/pixels';
import { recipeDefaults, type OptimizerSettings } from '../../src/protocol/experiment';
import { relativeDistance } from '../setup/distance';
import { fixture, FixtureArrays, seededState, thin } from './fixture';
import { isBeforeNorm, lossTable, summarise, takeSteps, type StepsTaken } from './reference';

const OPTIMIZERS: Readonly<Record<string, OptimizerSettings>> = {
  sgd: { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4 },
  adam: { kind: 'adam', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
};

/** float16 storage costs up to 5e-4 of a value; everything else is ours. */
const STORAGE = 5e-4;

describe.each(['stock kernels', 'own kernels', 'own kernels through workgroup memory'])(
  'REFINE steps against PyTorch (c = 4, batch 4), %s',
  (kernels) => {
    let open: OpenDevice;
    let installed: InstalledKernels | null = null;
    let arrays: FixtureArrays;
    beforeAll(async () => {
      open = await openDevice();
      if (kernels !== 'stock kernels') installed = installKernels(open.backend);
      if (kernels.endsWith('workgroup memory')) setTileChoice(open.backend, uniformChoice('small'));
      arrays = await FixtureArrays.load();
    });
    afterAll(() => {
      installed?.uninstall();
      open.close();
    });

    it.each(fixture.runs)('$name', async (run) => {
      const network = unet(fixture.firstChannels);
      const initial = seededState(network, fixture.unetSeed, 1, () => null);
      const transform = buildTrainable(network, { state: initial });
      const resnet = cifarResnetOfDepth(18, fixture.victimWidth, fixture.classes);
      const stored = (name: string) =>
        arrays.has(`victim/${name}`) ? arrays.floats(`victim/${name}`) : null;
      const victim = createVictim(
        resnet,
        seededState(resnet, fixture.victimSeed, fixture.linearGain, stored),
        {
          normalization: { mean: triple(fixture.mean), std: triple(fixture.std) },
          channelOrder: 'RGB',
        },
      );
      const recipe = run.recipe === 'official' ? 'official' : 'paper';
      const settings = { ...recipeDefaults(recipe, 666), optimizer: OPTIMIZERS[run.optimizer]! };
      const model = new RefineModel(transform, victim, settings);
      const pixels = tf.tensor4d(toUnitFloats(arrays.images()), [fixture.batch, 32, 32, 3]);

      const taken = await takeSteps(model, pixels, fixture.labelMap, settings, run.float64.length);
      checkLosses(run, taken);
      if (run.optimizer === 'sgd') checkGradients(recipe, taken, arrays);
      await checkEnd(run.name, model, arrays);
      pixels.dispose();
      victim.dispose();
      transform.dispose();
    });
  },
);

function triple(values: readonly number[]): [number, number, number] {
  return [values[0]!, values[1]!, values[2]!];
}

function checkLosses(run: (typeof fixture.runs)[number], taken: StepsTaken): void {
  const total = (history: readonly (readonly number[])[]) => history.map((row) => row[2]!);
  console.log(lossTable(run.name, taken.losses, total(run.float32), total(run.float64)));
  expect(taken.labels).toEqual(run.labels);
  for (const [step, [classification, contrast, loss]] of run.float64.entries()) {
    const bound = step === 0 ? 1e-5 : 5e-3;
    const [ours, oursClassification, oursContrast] = taken.losses[step]!;
    expect(Math.abs(ours! / loss! - 1), `step ${step}: loss`).toBeLessThan(bound);
    expect(Math.abs(oursClassification! / classification! - 1), `step ${step}: ce`).toBeLessThan(bound);
    expect(Math.abs(oursContrast! / contrast! - 1), `step ${step}: supcon`).toBeLessThan(bound);
  }
}

function checkGradients(recipe: string, taken: StepsTaken, arrays: FixtureArrays): void {
  const errors = new Map<string, number>();
  const prefix = `${recipe}/gradient/`;
  for (const key of arrays.names(prefix)) {
    const { stride, values } = arrays.sample(key);
    const name = key.slice(prefix.length);
    errors.set(name, relativeDistance(thin(taken.gradients.get(name)!, stride), values));
  }
  const { max, median, worst } = summarise(errors);
  console.log(
    `  ${errors.size} gradients: max ${max.toExponential(2)} (${worst}), median ${median.toExponential(2)}`,
  );
  expect([...errors.keys()]).toEqual([...taken.gradients.keys()].filter((name) => !isBeforeNorm(name)));
  expect(max).toBeLessThan(0.02);
  expect(median).toBeLessThan(0.005);
}

async function checkEnd(run: string, model: RefineModel, arrays: FixtureArrays): Promise<void> {
  const state = await model.transform.stateDict();
  const errors = new Map<string, number>();
  const prefix = `${run}/end/`;
  for (const key of arrays.names(prefix)) {
    const { stride, values } = arrays.sample(key);
    const name = key.slice(prefix.length);
    const error = relativeDistance(thin(state.get(name)!.data, stride), values);
    if (name.includes('running')) expect(error, name).toBeLessThan(5e-3);
    else errors.set(name, error);
  }
  const { max, median, worst } = summarise(errors);
  console.log(
    `  ${errors.size} convolution weights at the end: max ${max.toExponential(2)} (${worst}), median ${median.toExponential(2)}`,
  );
  expect(errors.size).toBe(19);
  expect(max).toBeLessThan(1e-3 + STORAGE);
}
