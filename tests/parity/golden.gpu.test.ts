import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../src/compute/device/device';
import { installKernels, type InstalledKernels } from '../../src/compute/kernels/install';
import { recogniseNetwork } from '../../src/compute/nn/registry';
import { buildTrainable } from '../../src/compute/nn/trainable';
import { createVictim } from '../../src/compute/victim/victim';
import { RefineModel } from '../../src/compute/refine/refineModel';
import { drawLabelMap } from '../../src/compute/refine/labelMap';
import { tf } from '../../src/compute/tf';
import { toUnitFloats } from '../../src/data/pixels';
import { readModel } from '../../src/formats/models/readModel';
import type { StateDict } from '../../src/formats/models/stateDict';
import { CIFAR10_NORMALIZATION, recipeDefaults } from '../../src/protocol/experiment';
import { relativeDistance } from '../setup/distance';
import { inputFile } from '../setup/inputFile';
import { parseNpz, type NpyArray } from '../setup/npz';
import { sharedPath } from '../setup/shared';
import { isBeforeNorm, lossTable, summarise, takeSteps } from './reference';

// Five steps of the official code (UNetLittle c = 8, batch 32) on a real backdoored ResNet-18. The files lie beside the
// checkout and are absent on a stranger's clone; committed.gpu.test.ts is the same proof with files of our own.
const golden = sharedPath('golden/c8/refine_steps.json');

async function bytes(relative: string): Promise<Uint8Array> {
  const { readFile } = await import('node:fs/promises');
  return new Uint8Array(await readFile(sharedPath(relative)!));
}

async function state(relative: string): Promise<StateDict> {
  return (await readModel(inputFile(relative, await bytes(relative)))).state;
}

interface GoldenSteps {
  readonly history: readonly { readonly total: number }[];
  readonly float64_total_loss: readonly number[];
}

describe('REFINE steps against the official code (c = 8, batch 32)', () => {
  let open: OpenDevice;
  let installed: InstalledKernels;
  let arrays: ReadonlyMap<string, NpyArray>;
  let model: RefineModel;
  beforeAll(async () => {
    if (golden === null) return;
    open = await openDevice();
    installed = installKernels(open.backend);
    arrays = parseNpz(await bytes('golden/c8/refine_steps.npz'));
    const initial = await state('golden/c8/unet_initial.pth');
    const victimState = await state('models/badnets_resnet18_w16.pth');
    const transform = buildTrainable(recogniseNetwork(initial)!, { state: initial });
    const victim = createVictim(recogniseNetwork(victimState)!, victimState, {
      normalization: { mean: [...CIFAR10_NORMALIZATION.mean], std: [...CIFAR10_NORMALIZATION.std] },
      channelOrder: 'RGB',
    });
    model = new RefineModel(transform, victim, recipeDefaults('official', 666));
  });
  afterAll(() => {
    installed?.uninstall();
    open?.close();
  });

  // What the steps below cannot tell: whether a kernel lost accuracy. A value of this batch's output lies 3e-7 from the
  // clamp's edge, and any unit of the networks may come as near to its own in a later step; on which side float32 sees
  // them moved the first gradients' largest error between 4e-6 and 4e-3 and the last loss's between 2e-5 and 9e-3, in 24
  // runs with different kernels and with pixels that differed by 1e-7. The output itself makes no such jumps: PyTorch's
  // float32 is 5e-7 from float64 there (root mean square), ours 6e-7.
  it.skipIf(golden === null)('shared/golden/c8: what the transform gives in train mode', async () => {
    const transform = buildTrainable(model.transform.bound, {
      state: await state('golden/c8/unet_initial.pth'),
    });
    const images = Uint8Array.from(arrays.get('images_uint8_nhwc')!.data);
    const output = tf.tidy(() => {
      const pixels = tf.tensor4d(toUnitFloats(images), [32, 32, 32, 3]);
      return tf.transpose(transform.forward(model.victim.normalize(pixels), 'train').output, [0, 3, 1, 2]);
    });
    const error = relativeDistance(await output.data(), arrays.get('unet_raw_train_nchw')!.data);
    console.log(`  the transform's output, relative to PyTorch's float32: ${error.toExponential(2)}`);
    expect(error).toBeLessThan(3e-6);
    output.dispose();
    transform.dispose();
  });

  it.skipIf(golden === null)('shared/golden/c8: losses, gradients and end state', async () => {
    const reference = JSON.parse(
      new TextDecoder().decode(await bytes('golden/c8/refine_steps.json')),
    ) as GoldenSteps;
    const settings = recipeDefaults('official', 666);
    const map = drawLabelMap(settings.mapping, 10, 666);
    expect(map).toEqual([...arrays.get('label_map')!.data]);
    const images = Uint8Array.from(arrays.get('images_uint8_nhwc')!.data);
    const pixels = tf.tensor4d(toUnitFloats(images), [32, 32, 32, 3]);

    const taken = await takeSteps(model, pixels, map, settings, reference.history.length);
    const float32 = reference.history.map(({ total }) => total);
    console.log(lossTable('shared/golden/c8', taken.losses, float32, reference.float64_total_loss));
    expect(taken.labels).toEqual([...arrays.get('pseudo_labels')!.data]);
    for (const [step, loss] of reference.float64_total_loss.entries()) {
      const error = Math.abs(taken.losses[step]![0]! / loss - 1);
      expect(error, `step ${step}`).toBeLessThan(step === 0 ? 1e-5 : 5e-3);
    }

    const exact = parseNpz(await bytes('golden/c8/gradients_float64.npz'));
    const errors = new Map<string, number>();
    for (const [name, { data }] of exact) {
      if (!isBeforeNorm(name)) errors.set(name, relativeDistance(taken.gradients.get(name)!, data));
    }
    const gradients = summarise(errors);
    expect(errors.size).toBe(56);
    expect(gradients.max).toBeLessThan(0.02);
    expect(gradients.median).toBeLessThan(0.005);

    const theirs = await state('golden/c8/unet_after_5_steps.pth');
    const ours = await model.transform.stateDict();
    expect([...ours.keys()]).toEqual([...theirs.keys()]);
    const relative = new Map<string, number>();
    const rootMeanSquare = new Map<string, number>();
    for (const [name, tensor] of theirs) {
      const values = ours.get(name)!.data;
      if (tensor.shape.length === 4) {
        relative.set(name, relativeDistance(values, tensor.data));
        let squares = 0;
        for (const [i, value] of tensor.data.entries()) squares += (values[i]! - value) ** 2;
        rootMeanSquare.set(name, Math.sqrt(squares / values.length));
      } else if (name.endsWith('num_batches_tracked')) expect(ours.get(name)!.data[0]).toBe(5);
    }
    const end = summarise(rootMeanSquare);
    const endRelative = summarise(relative);
    console.log(
      `  gradients: max ${gradients.max.toExponential(2)} (${gradients.worst}), median ${gradients.median.toExponential(2)}\n` +
        `  convolution weights after 5 steps, root mean square of the difference: max ${end.max.toExponential(2)} (${end.worst}), ` +
        `relative to the norm: max ${endRelative.max.toExponential(2)} (${endRelative.worst})`,
    );
    expect(end.max).toBeLessThan(1e-3);
    // Not 1e-3: PyTorch's own float32 and float64 runs end 8e-3 apart here, and so do two float32 runs whose pixels
    // differ by 1e-7, because single ReLU and clip units flip. committed.gpu.test.ts has no such unit and holds 1e-3.
    expect(endRelative.max).toBeLessThan(1e-2);

    const evaluated = tf.tidy(() => {
      const seen = model.victim.normalize(pixels);
      return tf.transpose(model.transform.forward(seen, 'eval').output, [0, 3, 1, 2]);
    });
    const raw = arrays.get('unet_raw_eval_after_5_steps_nchw')!.data;
    // PyTorch's two precisions end 1 to 2.4 % apart here.
    expect(relativeDistance(await evaluated.data(), raw)).toBeLessThan(0.03);
    tf.dispose([pixels, evaluated]);
  });
});
