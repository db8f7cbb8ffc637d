import { expect, it } from 'vitest';
import { readTuned, writeTuned, type TuningStore } from './store';
import { fastest } from './tune';

function memory(): TuningStore & { readonly values: Map<string, unknown> } {
  const values = new Map<string, unknown>();
  return {
    values,
    read: (key) => Promise.resolve(values.get(key)),
    write: (key, value) => Promise.resolve(void values.set(key, value)),
  };
}

it('keeps tiles by adapter', async () => {
  const store = memory();
  await writeTuned(store, 'one', { 'convolve/wide': 'tall', 'filter/wide': 'register' });
  expect(await readTuned(store, 'one')).toEqual({ 'convolve/wide': 'tall', 'filter/wide': 'register' });
  expect(await readTuned(store, 'two')).toEqual({});
  expect(await readTuned(undefined, 'one')).toEqual({});
});

it('measures again where the store holds something else or fails', async () => {
  const store = memory();
  await writeTuned(store, 'one', {});
  const [key] = [...store.values.keys()];
  for (const wrong of [null, 'tall', { 'convolve/wide': 'huge' }, { other: 'tall' }]) {
    store.values.set(key!, wrong);
    expect(await readTuned(store, 'one')).toEqual({});
  }
  const broken: TuningStore = {
    read: () => Promise.reject(new Error('gone')),
    write: () => Promise.reject(new Error('full')),
  };
  expect(await readTuned(broken, 'one')).toEqual({});
  await expect(writeTuned(broken, 'one', {})).resolves.toBeUndefined();
});

it('takes the fastest, and the register family where nothing was measured', () => {
  expect(fastest({ register: 3, wide: 1, tall: 2 })).toBe('wide');
  expect(fastest({})).toBe('register');
});
