import { checkOptions } from '../src/compute/attacks/options';
import { attackByKind } from '../src/compute/attacks/registry';
import type { Experiment } from '../src/protocol/experiment';
import type { InspectReport } from '../src/protocol/summaries';
import { expandSweep } from '../src/protocol/sweep';

/**
 * What an experiment file asks for, every run of its sweep checked as far as that goes without the files it names.
 * @param text the file's JSON.
 * @throws StudioError as `expandSweep`, and `trigger/invalid` for an attack, or an option of one, that does not exist.
 */
export function experimentReport(text: string, path: string): InspectReport {
  const cells = expandSweep(JSON.parse(text), path);
  for (const { experiment } of cells) checkAttackKnown(experiment);
  const [first] = cells;
  if (!first) throw new Error('A sweep has at least one run.');
  const { version, model, dataset, defense } = first.experiment;
  const victim = model.path ?? (model.blackBox ? 'a black box' : 'a victim trained first');
  const runs = cells.length === 1 ? '' : `a sweep of ${cells.length} runs, `;
  return {
    kind: 'experiment',
    format: `version ${version}`,
    architecture: null,
    parameters: null,
    classes: null,
    counts: {
      runs: cells.length,
      epochs: defense.epochs,
      batchSize: defense.batchSize,
      firstChannels: defense.firstChannels,
    },
    verdict: `Valid: ${runs}REFINE, ${defense.recipe} recipe, on ${victim} with ${dataset.path}.`,
  };
}

function checkAttackKnown({ attack }: Experiment): void {
  if (!attack) return;
  // Which of the two defaults by size applies is not known without the images, and does not matter to what was given.
  checkOptions(attack.kind, attackByKind(attack.kind).options, attack.options, { height: 0, width: 0 });
}
