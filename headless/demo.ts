import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { demoExperiment } from '../src/data/drawn/demoExperiment';
import { StudioError } from '../src/protocol/errors';
import { runExperiment } from './experimentRun';
import { resultTable } from './report';
import { withSteps } from './run';
import { PROJECT_ROOT } from './studio';

/** `npm run demo [-- --steps N] [--out DIR]`: the main job on the built-in signs and the shipped victim, with no files. */
export async function demo(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      steps: { type: 'string' },
      out: { type: 'string' },
      resume: { type: 'boolean', default: false },
    },
  });
  const out = values.out ?? join(PROJECT_ROOT, 'runs', 'demo');
  const outcome = await runExperiment({
    experiment: withSteps(demoExperiment(), values.steps),
    folder: PROJECT_ROOT,
    out,
    resume: values.resume,
    log: (line) => console.log(line),
  });
  if ('interruptedAt' in outcome) {
    throw new StudioError(
      'aborted',
      `Interrupted at step ${outcome.interruptedAt}; npm run demo -- --resume goes on.`,
    );
  }
  const { results } = outcome;
  console.log(`\n${resultTable(results)}`);
  console.log(
    `\n${results.steps} steps in ${results.trainingSeconds.toFixed(0)} s (${results.secondsPerStep.toFixed(3)} s a step) on ${results.adapter}`,
  );
  console.log(`The transform, the label map and the curve are in ${out}`);
}
