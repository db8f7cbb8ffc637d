import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { StudioError } from '../src/protocol/errors';
import { type Experiment, parseExperiment } from '../src/protocol/experiment';
import { runExperiment } from './experimentRun';
import { blackBoxTable, resultTable } from './report';
import { folderOf } from './studio';
import { sweepTable } from '../src/protocol/sweepTable';
import { runSweep } from './sweepRun';

/** `headless run FILE --out DIR [--steps N] [--resume] [--allow-network]`. */
export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      steps: { type: 'string' },
      resume: { type: 'boolean', default: false },
      'allow-network': { type: 'boolean', default: false },
    },
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1 || values.out === undefined) {
    throw new StudioError(
      'experiment/invalid',
      'run wants an experiment file and a folder: run FILE --out DIR.',
    );
  }
  const file = await readJson(path);
  const whole = parseExperiment(file, path);
  if (whole.sweep !== null) {
    if (values.steps !== undefined) {
      throw new StudioError(
        'experiment/invalid',
        '--steps is for single runs; a sweep names defense.maxSteps.',
        {
          subject: 'steps',
        },
      );
    }
    const { rows, complete } = await runSweep({
      file,
      source: path,
      folder: folderOf(path),
      out: values.out,
      resume: values.resume,
      allowNetwork: values['allow-network'],
      log: (line) => console.error(line),
    });
    console.log(sweepTable(rows));
    if (!complete)
      throw new StudioError('aborted', 'The sweep was interrupted; the same command with --resume goes on.');
    if (rows.some(({ failure }) => failure !== null)) {
      throw new StudioError('aborted', 'Some runs of the sweep failed; the table says which.');
    }
    return;
  }
  const experiment = withSteps(whole, values.steps);
  const outcome = await runExperiment({
    experiment,
    folder: folderOf(path),
    out: values.out,
    resume: values.resume,
    allowNetwork: values['allow-network'],
    log: (line) => console.error(line),
  });
  if ('interruptedAt' in outcome) {
    console.error(`interrupted at step ${outcome.interruptedAt}; the same command with --resume goes on`);
    throw new StudioError('aborted', 'The run was interrupted.');
  }
  const { results } = outcome;
  console.log(resultTable(results));
  if (results.blackBox) console.log(`\n${blackBoxTable(results.blackBox)}\n`);
  console.log(
    `${results.steps} steps, ${results.secondsPerStep.toFixed(3)} s a step, ${results.trainingSeconds.toFixed(0)} s of training on ${results.adapter}`,
  );
  console.log(`outputs: ${values.out}`);
}

/** Reads and checks an experiment file. @throws StudioError `file/missing`, `experiment/*`. */
export async function readExperiment(path: string): Promise<Experiment> {
  return parseExperiment(await readJson(path), path);
}

async function readJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new StudioError('file/missing', `The experiment file ${path} cannot be read.`, {
      subject: path,
      cause,
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new StudioError('experiment/invalid', `${path} is not JSON.`, { subject: path, cause });
  }
}

/** The experiment with so many steps in place of its own. @throws StudioError `experiment/invalid`. */
export function withSteps(experiment: Experiment, steps: string | undefined): Experiment {
  if (steps === undefined) return experiment;
  const maxSteps = Number(steps);
  if (!Number.isInteger(maxSteps) || maxSteps < 1) {
    throw new StudioError('experiment/invalid', `--steps wants a whole number above 0, not "${steps}".`, {
      subject: 'steps',
    });
  }
  return { ...experiment, defense: { ...experiment.defense, maxSteps } };
}
