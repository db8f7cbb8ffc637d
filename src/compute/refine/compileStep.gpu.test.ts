import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { numbersOf, runTo, smallContext, smallVictim } from '../../../tests/setup/smallRefine';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels, type InstalledKernels } from '../kernels/install';
import { switchOff } from '../kernels/registry';
import { internalsOf } from '../plan/internals';
import { tf } from '../tf';
import { RefineTrainer } from './trainer';

let open: OpenDevice;
let installed: InstalledKernels;
const problems: string[] = [];

/** Labels of the pipelines that are compiled on the spot from now on. */
function watchBlocking(): string[] {
  const { device } = open;
  const create = device.createComputePipeline.bind(device);
  const labels: string[] = [];
  device.createComputePipeline = (descriptor) => {
    labels.push(descriptor.label ?? '');
    return create(descriptor);
  };
  return labels;
}

/** What a small training gives on a device where nothing was compiled before. */
async function fresh(planning: boolean, compileAhead: boolean, off: string | null = null) {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
  installed = installKernels(open.backend);
  if (off) switchOff(open.backend, off);
  const victim = smallVictim();
  const before = tf.memory().numTensors;
  const trainer = new RefineTrainer({ ...smallContext(victim), planning, compileAhead });
  const blocking = watchBlocking();
  const told: [number, number][] = [];
  await trainer.compile((done, total) => told.push([done, total]));
  const compiled = blocking.length;
  const untouched = await trainer.checkpoint();
  const during = blocking.length;
  const rows = numbersOf(await runTo(trainer));
  const stepsCompile = blocking.slice(during);
  const cache = Object.values(internalsOf(open.backend)?.pipelineCache ?? {});
  const { planning: planned } = trainer;
  const result = { rows, planned, checkpoint: await trainer.checkpoint(), untouched };
  trainer.dispose();
  const leaked = tf.memory().numTensors - before;
  victim.dispose();
  installed.uninstall();
  open.close();
  return { ...result, told, compiled, stepsCompile, cache, leaked };
}

beforeAll(() => {
  problems.length = 0;
});
afterAll(() => {
  expect(problems).toEqual([]);
});

describe("a step's shaders", () => {
  it.each([
    ['planned', true],
    ['unplanned', false],
  ] as const)('are compiled before it, and change none of its numbers: %s', async (_name, planning) => {
    const late = await fresh(planning, false);
    const ahead = await fresh(planning, true);
    expect(late.told).toEqual([]);
    expect(late.stepsCompile.length).toBeGreaterThan(20);
    const total = ahead.told[0]?.[1] ?? 0;
    expect(total).toBeGreaterThan(20);
    expect(ahead.told).toEqual(Array.from({ length: total + 1 }, (_, done) => [done, total]));
    expect(ahead.compiled).toBe(0);
    expect(ahead.stepsCompile.length).toBeLessThanOrEqual(6);
    expect(ahead.cache.every((pipeline) => pipeline instanceof GPUComputePipeline)).toBe(true);
    expect(ahead.untouched).toEqual(late.untouched);
    expect(ahead.rows).toEqual(late.rows);
    expect(ahead.checkpoint).toEqual(late.checkpoint);
    expect(ahead.leaked).toBe(late.leaked);
    expect(problems).toEqual([]);
  });

  it('are compiled as they come where running statistics do not move in place', async () => {
    const late = await fresh(true, false, 'RefineMovingAverage');
    const ahead = await fresh(true, true, 'RefineMovingAverage');
    expect(ahead.told).toEqual([]);
    expect(ahead.planned).toMatchObject({ kind: 'unplanned' });
    expect(ahead.checkpoint).toEqual(late.checkpoint);
    expect(ahead.rows.length).toBeGreaterThan(0);
    expect(ahead.rows).toEqual(late.rows);
  });
});
