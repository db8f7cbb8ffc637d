import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ADAM_ONE_CYCLE,
  numbersOf,
  runTo,
  smallContext,
  smallVictim,
} from '../../../tests/setup/smallRefine';
import type { RefineSettings } from '../../protocol/experiment';
import { recipeDefaults } from '../../protocol/experiment';
import { refineDefense } from '../defenses/refineDefense';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels, type InstalledKernels } from '../kernels/install';
import { IN_PLACE } from '../kernels/optimizer/sgd';
import { switchOff } from '../kernels/registry';
import { tf } from '../tf';
import type { Victim } from '../victim/victim';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint';
import { RefineTrainer, type RefineTrainingContext } from './trainer';

let open: OpenDevice;
let installed: InstalledKernels;
let victim: Victim;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
  installed = installKernels(open.backend);
  victim = smallVictim();
});
beforeEach(() => {
  problems.length = 0;
});
afterAll(() => {
  victim.dispose();
  installed.uninstall();
  open.close();
});

const RUNS: readonly (readonly [string, Partial<RefineSettings>])[] = [
  ['official recipe, SGD, labels found each step', {}],
  ['paper recipe, Adam, one cycle, labels kept', ADAM_ONE_CYCLE],
];

const contextOf = (part: Partial<RefineSettings>, planning = true): RefineTrainingContext => ({
  ...smallContext(victim, part),
  planning,
});

describe('a planned training', () => {
  it.each(RUNS)('gives the numbers of an unplanned one, bit for bit: %s', async (_name, settings) => {
    const unplanned = new RefineTrainer(contextOf(settings, false));
    const expected = numbersOf(await runTo(unplanned));
    expect(unplanned.planning).toEqual({ kind: 'unplanned', reason: 'planning is switched off' });
    const planned = new RefineTrainer(contextOf(settings));
    const rows = numbersOf(await runTo(planned));
    expect(problems).toEqual([]);
    expect(planned.planning).toMatchObject({ kind: 'planned' });
    expect(rows.length).toBeGreaterThanOrEqual(6);
    expect(rows).toEqual(expected);
    expect(await planned.checkpoint()).toEqual(await unplanned.checkpoint());
    planned.dispose();
    unplanned.dispose();
  });

  it.each(RUNS)('goes on from a checkpoint to the same numbers: %s', async (_name, settings) => {
    const straight = new RefineTrainer(contextOf(settings));
    const whole = numbersOf(await runTo(straight));
    const first = new RefineTrainer(contextOf(settings));
    const before = numbersOf(await runTo(first, 4));
    const bytes = encodeCheckpoint(await first.checkpoint());
    first.dispose();
    const second = new RefineTrainer({ ...contextOf(settings), resume: decodeCheckpoint(bytes) });
    const after = numbersOf(await runTo(second));
    expect([...before, ...after]).toEqual(whole);
    expect(await second.checkpoint()).toEqual(await straight.checkpoint());
    straight.dispose();
    second.dispose();
  });

  it('is not disturbed by what else is computed between its steps, nor disturbs it', async () => {
    const plain = new RefineTrainer(contextOf({}));
    const expected = numbersOf(await runTo(plain));
    const pixels = tf.randomUniform<tf.Rank.R4>([4, 16, 16, 3], 0, 1, 'float32', 5);
    const trainer = new RefineTrainer(contextOf({}));
    const defense = refineDefense(trainer.model, [1, 2, 3, 4, 0], 'REFINE');
    const said: Float32Array[] = [];
    const rows = [];
    for await (const event of trainer.run()) {
      rows.push(...numbersOf([event]));
      const out = defense.predict(pixels);
      said.push((await out.data()) as Float32Array);
      out.dispose();
      await trainer.checkpoint();
    }
    expect(rows).toEqual(expected);
    const unplanned = new RefineTrainer(contextOf({}, false));
    const other = refineDefense(unplanned.model, [1, 2, 3, 4, 0], 'REFINE');
    await runTo(unplanned);
    const out = other.predict(pixels);
    expect(await out.data()).toEqual(said.at(-1));
    expect(said[0]).not.toEqual(said.at(-1));
    tf.dispose([out, pixels]);
    for (const each of [plain, trainer, unplanned]) each.dispose();
  });

  it('asks nothing of the device but to run, once it is made', async () => {
    const { device } = open;
    const calls = new Map<string, number>();
    const count = <T extends object>(target: T, name: keyof T & string): (() => void) => {
      const original = target[name] as (...args: unknown[]) => unknown;
      Object.defineProperty(target, name, {
        configurable: true,
        writable: true,
        value: (...args: unknown[]) => {
          calls.set(name, (calls.get(name) ?? 0) + 1);
          return original.apply(target, args);
        },
      });
      return () =>
        Object.defineProperty(target, name, { configurable: true, writable: true, value: original });
    };
    const trainer = new RefineTrainer({ ...contextOf(ADAM_ONE_CYCLE), logEverySteps: 1000 });
    const steps: Record<string, number>[] = [];
    const state: number[][] = [];
    const events = trainer.run();
    for (let step = 0; step < 3; step++) await events.next();
    await events.next(); // the end of the epoch
    const undo = [
      count(device, 'createBuffer'),
      count(device, 'createBindGroup'),
      count(device, 'createComputePipeline'),
      count(device, 'createComputePipelineAsync'),
      count(device, 'createShaderModule'),
      count(device.queue, 'submit'),
      count(device.queue, 'writeBuffer'),
    ];
    while (trainer.step < 8) {
      calls.clear();
      const { value } = await events.next();
      if (value?.kind !== 'step') continue;
      steps.push(Object.fromEntries(calls));
      const { numBytesInGPU } = tf.memory() as unknown as { numBytesInGPU: number };
      state.push([tf.memory().numTensors, tf.memory().numBytes, open.backend.numDataIds(), numBytesInGPU]);
    }
    for (const each of undo) each();
    // Images are two uploads, labels and numbers one each. The second epoch starts with reading the first one's labels.
    const later = { submit: 1, writeBuffer: 4 };
    expect(steps).toEqual([{ ...later, submit: 2 }, later, later, later, later]);
    for (const each of state) expect(each).toEqual(state[0]);
    await events.return(undefined);
    trainer.dispose();
  });

  it('needs little more memory than is alive at once, and gives all of it back', async () => {
    const before = [tf.memory().numTensors, open.backend.numDataIds()];
    const alive = new Set<GPUBuffer>();
    const { device } = open;
    const create = device.createBuffer;
    device.createBuffer = (descriptor) => {
      const buffer = create.call(device, descriptor);
      const destroy = buffer.destroy.bind(buffer);
      alive.add(buffer);
      buffer.destroy = () => {
        alive.delete(buffer);
        return destroy();
      };
      return buffer;
    };
    const trainer = new RefineTrainer(contextOf({}));
    await runTo(trainer, 2);
    const { planning } = trainer;
    if (planning.kind !== 'planned') throw new Error('not planned');
    expect(planning.temporaryBytes).toBeLessThan(1.1 * planning.peakLiveBytes);
    trainer.dispose();
    device.createBuffer = create;
    const pooled = [...alive].filter(({ label }) => label !== '');
    expect(pooled.map(({ label }) => label)).toEqual([]);
    expect([tf.memory().numTensors, open.backend.numDataIds()]).toEqual(before);
  });

  it('says when the loss is no longer a number, also of a step that is not logged', async () => {
    const trainer = new RefineTrainer({
      ...contextOf({ optimizer: { kind: 'sgd', learningRate: 1e38, momentum: 0.9, weightDecay: 0.5 } }),
      logEverySteps: 6,
    });
    await expect(runTo(trainer)).rejects.toMatchObject({ code: 'train/non-finite-loss' });
    expect(trainer.planning.kind).toBe('planned');
    await expect(trainer.checkpoint()).rejects.toMatchObject({ code: 'train/non-finite-loss' });
    trainer.dispose();
  });

  it('asks the victim for the labels of an image once', async () => {
    let asked = 0;
    const counting: Victim = {
      ...victim,
      forwardPixels: (pixels) => {
        asked++;
        return victim.forwardPixels(pixels);
      },
    };
    const settings = { ...recipeDefaults('official', 9), firstChannels: 2, batchSize: 4, epochs: 2 };
    const context = { ...contextOf({ ...settings, augmentation: 'none' }), victim: counting };
    const trainer = new RefineTrainer(context);
    await runTo(trainer, 1);
    const recorded = asked;
    await runTo(trainer);
    // All later steps are replays: JavaScript asks nobody again.
    expect(asked).toBe(recorded);
    trainer.dispose();
  });

  it('takes its weights back to where they were replaced', async () => {
    const trainer = new RefineTrainer(contextOf({}));
    await runTo(trainer, 2);
    const state = await trainer.model.transform.stateDict();
    trainer.model.transform.load(state);
    await runTo(trainer, 3);
    expect(trainer.planning).toEqual({ kind: 'unplanned', reason: 'the weights were replaced' });
    const straight = new RefineTrainer(contextOf({}, false));
    await runTo(straight, 3);
    expect(await trainer.checkpoint()).toEqual(await straight.checkpoint());
    trainer.dispose();
    straight.dispose();
  });
});

describe('a training that cannot be planned', () => {
  it('runs as it is, and says why: a victim that reads back', async () => {
    const reading: Victim = {
      ...victim,
      forwardPixels: (pixels) => {
        const output = victim.forwardPixels(pixels);
        output.logits.data().catch(() => undefined);
        return output;
      },
    };
    const trainer = new RefineTrainer({ ...contextOf({}), victim: reading });
    const rows = numbersOf(await runTo(trainer));
    expect(trainer.planning).toEqual({ kind: 'unplanned', reason: 'the step reads back from the GPU' });
    const plain = new RefineTrainer(contextOf({}, false));
    expect(rows).toEqual(numbersOf(await runTo(plain)));
    expect(problems).toEqual([]);
    trainer.dispose();
    plain.dispose();
  });

  it('runs as it is, and says why: a victim that is not the same each time', async () => {
    let calls = 0;
    const restless: Victim = {
      ...victim,
      forwardRaw: (x) => {
        const output = victim.forwardRaw(x);
        return { ...output, logits: tf.mul(output.logits, 1 + 1e-3 * calls++) };
      },
    };
    const trainer = new RefineTrainer({ ...contextOf({}), victim: restless });
    expect(numbersOf(await runTo(trainer))).toHaveLength(6);
    expect(trainer.planning).toEqual({ kind: 'unplanned', reason: 'the step is not the same each time' });
    trainer.dispose();
  });

  it('runs as it is, and says why: the optimiser kernel is switched off', async () => {
    switchOff(open.backend, IN_PLACE);
    const trainer = new RefineTrainer(contextOf({}));
    expect(numbersOf(await runTo(trainer))).toHaveLength(6);
    expect(trainer.planning).toMatchObject({ kind: 'unplanned' });
    trainer.dispose();
  });
});
