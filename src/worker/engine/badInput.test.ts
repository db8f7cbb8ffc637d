import { beforeAll, describe, expect, it } from 'vitest';
import { ATTACKS } from '../../compute/attacks/registry';
import { encodePng } from '../../formats/images/encodePng';
import { parseExperiment } from '../../protocol/experiment';
import { createMemoryStore } from '../../storage/memoryStore';
import { createGpuQueue } from './gpuQueue';
import { loadDrawnSigns } from './loadDataset';
import { Runs } from './runs';
import { Session } from './session';
import { Sweeps } from './sweeps';

// What both doors ask for first: the page and the command line start their runs through `Runs`.

const session = new Session();
const queue = createGpuQueue();
const store = createMemoryStore();
let devices = 0;
const runs = new Runs({
  session,
  queue,
  store,
  emit: () => undefined,
  device: () => {
    devices += 1;
    return Promise.reject(new Error('no device: nothing may be begun'));
  },
});
const sweeps = new Sweeps({ session, queue, runs, store, emit: () => undefined });

const PATCHES = ['badnets', 'physical', 'label-consistent'];
const own = (kind: string) => (kind === 'custom' ? { image: 'dot.png' } : {});
const fileOf = (kind: string, target: number, options: Record<string, unknown>) => ({
  version: 1,
  name: 'bad',
  model: { train: { architecture: 'resnet18', width: 2 } },
  dataset: { path: 'drawn:signs' },
  attack: { kind, target, options: { ...own(kind), ...options } },
  defense: { kind: 'refine' },
});

/** How a victim's training, a sweep whose second run it is, and a defence's run are refused; they must agree where all are. */
async function refusal(kind: string, target: number, options: Record<string, unknown>) {
  const file = fileOf(kind, target, options);
  const experiment = parseExperiment(file);
  const training = await runs.startVictim(experiment, null).then(
    () => null,
    (error: unknown) => error,
  );
  const fine = fileOf('badnets', 0, {}).attack;
  const sweep = { ...file, sweep: { axes: [{ key: 'attack', values: [fine, file.attack] }] } };
  const swept = await sweeps.start(sweep).then(
    () => null,
    (error: unknown) => error,
  );
  expect(swept).toMatchObject({ message: (training as Error | null)?.message });
  return training;
}

beforeAll(async () => {
  session.replaceDataset(await loadDrawnSigns({ trainCount: 60, testCount: 10 }));
  const picture = async (path: string, level: number, side = { height: 2, width: 2 }) =>
    session.images.add({
      path,
      blob: new Blob([
        encodePng(new Uint8Array(side.height * side.width * 3).fill(level), side.width, side.height),
      ]),
    });
  await picture('dot.png', 90);
  await picture('black.png', 0);
  await picture('tower.png', 90, { height: 90, width: 3 });
}, 120_000);

describe.each(ATTACKS.map(({ kind }) => kind))('%s', (kind) => {
  const tooLarge = PATCHES.includes(kind)
    ? { size: 33 }
    : kind === 'custom'
      ? { image: 'tower.png', size: 0.5 }
      : null;
  // The others cover the whole image, whatever its size.
  if (tooLarge)
    it('refuses a trigger larger than the image', async () => {
      expect(await refusal(kind, 0, tooLarge)).toMatchObject({
        code: 'trigger/invalid',
        subject: 'attack.options.size',
        message: expect.stringContaining('larger than the images of 32 by 32') as string,
      });
    });

  it('refuses a target class that does not exist', async () => {
    expect(await refusal(kind, 10, {})).toMatchObject({
      code: 'trigger/invalid',
      subject: 'attack.target',
      message: expect.stringContaining('The target class 10 does not exist') as string,
    });
  });

  it('refuses a rate that poisons nothing, or leaves nothing clean', async () => {
    expect(await refusal(kind, 0, { rate: 0 })).toMatchObject({
      subject: 'attack.options.rate',
      message: expect.stringContaining('not one would be poisoned') as string,
    });
    // Label-Consistent poisons the target class alone: the others always stay clean.
    if (kind === 'label-consistent') return;
    expect(await refusal(kind, 0, { rate: 1 })).toMatchObject({
      subject: 'attack.options.rate',
      message: expect.stringContaining('leave none clean') as string,
    });
  });

  const masks = { custom: 'mask', adaptive: 'image3' }[kind];
  if (masks)
    it('refuses a mask that is empty', async () => {
      expect(await refusal(kind, 0, { [masks]: 'black.png' })).toMatchObject({
        code: 'trigger/invalid',
        subject: `attack.options.${masks}`,
        message: expect.stringContaining('empty') as string,
      });
    });

  it('begins nothing', () => {
    expect(devices).toBe(0);
  });
});
