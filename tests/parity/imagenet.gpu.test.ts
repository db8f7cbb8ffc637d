import { describe, expect, it } from 'vitest';
import { ownKernels } from '../setup/ownKernels';
import { torchvisionResnetOfDepth } from '../../src/compute/nn/torchvisionResnet';
import { buildTrainable } from '../../src/compute/nn/trainable';
import { unet } from '../../src/compute/nn/unet';
import { drawLabelMap } from '../../src/compute/refine/labelMap';
import { RefineModel } from '../../src/compute/refine/refineModel';
import { tf } from '../../src/compute/tf';
import { createVictim } from '../../src/compute/victim/victim';
import { toUnitFloats } from '../../src/data/pixels';
import { recipeDefaults } from '../../src/protocol/experiment';
import { relativeDistance } from '../setup/distance';
import { atPositions, drawnImages, drawnState, fixture224 as fixture, normOf, type Run224 } from './drawn224';
import { isBeforeNorm, lossTable, summarise, takeSteps, type StepsTaken } from './reference';

// ImageNet-50's setting (METHODS 1.1): 224 px, 50 classes, torchvision's ResNet-18 of full width. The bounds are those of
// golden.gpu.test.ts and committed.gpu.test.ts.
const UNET = { start: fixture.unetStart, gain: 1, linearGain: 1, smooth: false };
const VICTIM = {
  start: fixture.victimStart,
  gain: fixture.victimGain,
  linearGain: fixture.linearGain,
  smooth: true,
};

ownKernels();

describe('REFINE steps at 224 px against PyTorch (50 classes, c = 8, batch 4, ResNet-18 of width 64)', () => {
  it.each(fixture.runs)(
    '$recipe recipe',
    async (run) => {
      const { side, classes, batch, mean, std } = fixture;
      const recipe = run.recipe === 'official' ? 'official' : 'paper';
      const settings = recipeDefaults(recipe, 666);
      const map = drawLabelMap(settings.mapping, classes, 666);
      expect(map).toEqual(fixture.labelMap);
      const network = unet(fixture.firstChannels, [side, side]);
      const transform = buildTrainable(network, { state: drawnState(network, UNET) });
      const resnet = torchvisionResnetOfDepth(18, 64, classes);
      const state = new Map(drawnState(resnet, VICTIM));
      const lastBias = Float32Array.from(fixture.lastBias);
      state.set('fc.bias', { dtype: 'float32', shape: [classes], data: lastBias });
      const victim = createVictim(resnet, state, {
        normalization: { mean: [mean[0]!, mean[1]!, mean[2]!], std: [std[0]!, std[1]!, std[2]!] },
        channelOrder: 'RGB',
      });
      const model = new RefineModel(transform, victim, settings);
      const pixels = tf.tensor4d(toUnitFloats(drawnImages(fixture)), [batch, side, side, 3]);

      const taken = await takeSteps(model, pixels, map, settings, run.float64.length);
      expect(new Set(run.labels).size).toBe(3);
      expect(taken.labels).toEqual(run.labels);
      checkLosses(run, taken);
      checkGradients(run, taken);
      await checkEnd(run, model);
      pixels.dispose();
      victim.dispose();
      transform.dispose();
      // Seconds on a graphics card; minutes on a busy software adapter.
    },
    1_200_000,
  );
});

function checkLosses(run: Run224, taken: StepsTaken): void {
  const total = (history: readonly (readonly number[])[]) => history.map((row) => row[2]!);
  console.log(lossTable(`${run.recipe}, 224 px`, taken.losses, total(run.float32), total(run.float64)));
  for (const [step, [classification, contrast, loss]] of run.float64.entries()) {
    const bound = step === 0 ? 1e-5 : 5e-3;
    const [ours, oursClassification, oursContrast] = taken.losses[step]!;
    expect(Math.abs(ours! / loss! - 1), `step ${step}: loss`).toBeLessThan(bound);
    expect(Math.abs(oursClassification! / classification! - 1), `step ${step}: ce`).toBeLessThan(bound);
    expect(Math.abs(oursContrast! / contrast! - 1), `step ${step}: supcon`).toBeLessThan(bound);
  }
}

function checkGradients(run: Run224, taken: StepsTaken): void {
  const errors = new Map<string, number>();
  for (const [name, sample] of Object.entries(run.gradients)) {
    const ours = taken.gradients.get(name)!;
    errors.set(name, relativeDistance(atPositions(ours, sample), sample.values));
    expect(Math.abs(normOf(ours) / sample.norm - 1), `norm of ${name}`).toBeLessThan(0.02);
  }
  const { max, median, worst } = summarise(errors);
  console.log(
    `  ${errors.size} gradients: max ${max.toExponential(2)} (${worst}), median ${median.toExponential(2)}`,
  );
  expect([...errors.keys()]).toEqual([...taken.gradients.keys()].filter((name) => !isBeforeNorm(name)));
  expect(max).toBeLessThan(0.02);
  expect(median).toBeLessThan(0.005);
}

async function checkEnd(run: Run224, model: RefineModel): Promise<void> {
  const state = await model.transform.stateDict();
  const errors = new Map<string, number>();
  for (const [name, sample] of Object.entries(run.end)) {
    const ours = state.get(name)!.data;
    const error = relativeDistance(atPositions(ours, sample), sample.values);
    if (name.includes('running')) expect(error, name).toBeLessThan(5e-3);
    else errors.set(name, error);
    expect(Math.abs(normOf(ours) / sample.norm - 1), `norm of ${name}`).toBeLessThan(5e-3);
  }
  const { max, median, worst } = summarise(errors);
  console.log(
    `  ${errors.size} convolution weights at the end: max ${max.toExponential(2)} (${worst}), median ${median.toExponential(2)}`,
  );
  expect(errors.size).toBe(19);
  expect(max).toBeLessThan(1e-3);
}
