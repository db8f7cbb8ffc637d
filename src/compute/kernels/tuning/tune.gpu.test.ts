import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import { setTileChoice, tileChoice, uniformChoice } from './choice';
import type { TuningStore } from './store';
import { tuneTiles, type TuneOptions } from './tune';

let open: OpenDevice;
const problems: string[] = [];
beforeEach(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterEach(() => open.close());

const settings: TuneOptions = {
  adapterName: 'test',
  software: true,
  force: true,
  classes: ['filter/narrow'],
  batch: 1,
  capMs: Number.POSITIVE_INFINITY,
};

/** Changes the tiled family's shaders before they are compiled. */
function tamper(change: (code: string) => string): void {
  const create = open.device.createShaderModule.bind(open.device);
  open.device.createShaderModule = (descriptor) => {
    const { code } = descriptor;
    return create({ ...descriptor, code: code.includes('var<workgroup> left') ? change(code) : code });
  };
}

it('leaves software adapters with the register family, unmeasured', async () => {
  const tuning = await tuneTiles(open.backend, { adapterName: 'test', software: true });
  expect([tuning.source, tuning.times]).toEqual(['not-measured', {}]);
  expect(tileChoice(open.backend)).toEqual(uniformChoice('register'));
});

it('times, chooses, keeps, and finds again', async () => {
  const values = new Map<string, unknown>();
  const store: TuningStore = {
    read: (key) => Promise.resolve(values.get(key)),
    write: (key, value) => Promise.resolve(void values.set(key, value)),
  };
  const before = [tf.memory().numTensors, open.backend.numDataIds()];
  const first = await tuneTiles(open.backend, { ...settings, store });
  expect([tf.memory().numTensors, open.backend.numDataIds()]).toEqual(before);
  const times = first.times['filter/narrow'] ?? {};
  console.log(`tuned in ${Math.round(first.elapsedMs)} ms:`, JSON.stringify(times));
  expect(first.dropped).toEqual([]);
  expect(Object.keys(times).sort()).toEqual(['narrow', 'register', 'small']);
  expect(times[first.choice.tiles['filter/narrow']]).toBe(Math.min(...Object.values(times)));
  setTileChoice(open.backend, uniformChoice('large'));
  const second = await tuneTiles(open.backend, { ...settings, store });
  expect([second.source, second.choice]).toEqual(['stored', first.choice]);
  expect(tileChoice(open.backend)).toEqual(first.choice);
  expect(problems).toEqual([]);
});

it('drops tiles that compute something else, by name', async () => {
  tamper((code) =>
    code.replaceAll('workgroupBarrier();', 'workgroupBarrier(); if (round == 0) { left[0] = Left(9.0); }'),
  );
  const { dropped, choice } = await tuneTiles(open.backend, settings);
  expect(dropped.map(({ tile }) => tile)).toEqual(['narrow', 'small']);
  for (const { reason } of dropped) expect(reason).toMatch(/^its result differs from the register family's/);
  expect(choice.tiles['filter/narrow']).toBe('register');
});

it('drops tiles that do not compile, and reports no error of the device', async () => {
  tamper((code) => code.replace('fn main()', 'fn main( nonsense'));
  const { dropped } = await tuneTiles(open.backend, settings);
  expect(dropped.map(({ tile }) => tile)).toEqual(['narrow', 'small']);
  for (const { reason } of dropped) expect(reason).not.toBe('');
  expect(problems).toEqual([]);
});

it('drops tiles that take too long', async () => {
  const { dropped, choice } = await tuneTiles(open.backend, { ...settings, capMs: 0 });
  expect(dropped.map(({ tile }) => tile)).toEqual(['narrow', 'small']);
  for (const { reason } of dropped) expect(reason).toMatch(/^its first run took/);
  expect(choice.tiles['filter/narrow']).toBe('register');
});
