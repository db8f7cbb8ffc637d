import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StudioError } from '../src/protocol/errors';
import type { RunResults } from '../src/protocol/results';
import type { runExperiment } from './experimentRun';
import type { ExperimentRunOptions } from './running';
import type { checkCells } from './sweepCheck';
import { runSweep } from './sweepRun';

const RESULTS = {
  before: null,
  after: null,
  steps: 2,
  secondsPerStep: 1,
  trainingSeconds: 2,
  adapter: 'an adapter',
} as unknown as RunResults;

const sweep = (maxSteps: number) => ({
  version: 1,
  name: 'three',
  model: { train: { maxSteps } },
  dataset: { path: 'drawn:signs' },
  attack: { kind: 'badnets', target: 0 },
  defense: { kind: 'refine', recipe: 'paper', maxSteps: 2 },
  sweep: { axes: [{ key: 'attack.kind', values: ['badnets', 'batt', 'wanet'] }] },
});

describe('runSweep', () => {
  let out: string;
  let calls: ExperimentRunOptions[];

  beforeEach(async () => {
    out = await mkdtemp(join(tmpdir(), 'sweep-'));
    calls = [];
  });
  afterEach(() => rm(out, { recursive: true }));

  /** Ends a run as `endOf` says for its attack: done, with its outputs; `interrupted`; or with an error. */
  const running =
    (endOf: (attack: string) => 'done' | 'interrupted' | Error): typeof runExperiment =>
    async (options) => {
      calls.push(options);
      const end = endOf(options.experiment.attack?.kind ?? '');
      if (end instanceof Error) throw end;
      if (end === 'interrupted') return { interruptedAt: 1 };
      await mkdir(options.out, { recursive: true });
      await writeFile(join(options.out, 'results.json'), JSON.stringify(RESULTS));
      await writeFile(join(options.out, 'experiment.json'), '{}');
      return { results: RESULTS };
    };
  const start = (endOf: Parameters<typeof running>[0], resume = false, maxSteps = 5) =>
    startFile(sweep(maxSteps), endOf, resume, () => Promise.resolve());
  const startFile = (
    file: unknown,
    endOf: Parameters<typeof running>[0],
    resume: boolean,
    ...check: [typeof checkCells] | []
  ) =>
    runSweep(
      {
        file,
        source: 'x.json',
        folder: '.',
        out,
        resume,
        allowNetwork: false,
        log: () => undefined,
      },
      running(endOf),
      ...check,
    );
  const attacks = () => calls.map(({ experiment }) => experiment.attack?.kind);

  it('tells a run that fails, goes on with the others, and runs it again the next time', async () => {
    const failing = new StudioError('gpu/error', 'It broke.');
    const first = await start((attack) => (attack === 'batt' ? failing : 'done'));
    expect(first.complete).toBe(true);
    expect(first.rows.map(({ failure }) => failure)).toEqual([null, 'It broke.', null]);
    expect(await readFile(join(out, 'sweep.md'), 'utf8')).toContain('It broke.');
    calls = [];
    const second = await start(() => 'done');
    expect(attacks()).toEqual(['batt']);
    expect(second.rows.map(({ failure }) => failure)).toEqual([null, null, null]);
  });

  it('goes on after an interruption, and resumes only as far as there is something to resume', async () => {
    const first = await start((attack) => (attack === 'batt' ? 'interrupted' : 'done'));
    expect(first.complete).toBe(false);
    expect(attacks()).toEqual(['badnets', 'batt']);
    calls = [];
    expect((await start(() => 'done', true)).complete).toBe(true);
    expect(attacks()).toEqual(['batt', 'wanet']);
    // A run that ended before its first checkpoint, or never began, must start and not fail.
    expect(calls.map(({ resume }) => resume)).toEqual(['if possible', 'if possible']);
  });

  it('refuses a folder of another sweep before anything is run, and leaves it as it is', async () => {
    await start(() => 'done');
    const kept = await readFile(join(out, '0-badnets', 'asked.json'), 'utf8');
    calls = [];
    await expect(start(() => 'done', false, 6)).rejects.toMatchObject({ code: 'experiment/invalid' });
    expect(calls).toEqual([]);
    expect(await readFile(join(out, '0-badnets', 'asked.json'), 'utf8')).toBe(kept);
    expect(existsSync(join(out, '0-badnets', 'results.json'))).toBe(true);
  });

  it.each([
    ['attack.options.size', [3, 40], /^The run 1-\S+ cannot be made: .*larger than the images/],
    ['attack.options.rate', [0.1, 1], /^The run 1-\S+ cannot be made: .*leave none clean/],
    ['attack.target', [0, 12], /^The run 1-\S+ cannot be made: .*class 12 does not exist/],
    ['dataset.path', ['drawn:signs', 'nowhere.zip'], /^The run 1-\S+ cannot be made: .*nowhere\.zip/],
  ])(
    'refuses the whole sweep before anything is run where one run cannot be made: %s',
    async (key, values, words) => {
      const file = { ...sweep(5), sweep: { axes: [{ key, values }] } };
      await expect(startFile(file, () => 'done', false)).rejects.toThrow(words);
      expect(calls).toEqual([]);
      expect(existsSync(join(out, 'sweep.csv'))).toBe(false);
    },
  );

  it('ends with what is no fault of the run', async () => {
    await expect(start(() => new TypeError('a mistake'))).rejects.toThrow('a mistake');
    expect(attacks()).toEqual(['badnets']);
  });
});
