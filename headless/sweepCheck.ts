import { StudioError } from '../src/protocol/errors';
import type { SweepCell } from '../src/protocol/sweep';
import { ImageKeeper } from '../src/worker/engine/imageKeeper';
import { checkAttack } from '../src/worker/engine/poisoning';
import { Session } from '../src/worker/engine/session';
import { loadModelAndImages, loadNamedFiles } from './studio';

/**
 * Loads what the runs of a sweep name and refuses the sweep where one of them could not be run: its files, its images, or its attack on
 * them. Nothing is begun and nothing touches the GPU. Runs in a row on the same files read them once.
 * @throws StudioError of the first run that cannot be made, beginning with its name.
 */
export async function checkCells(cells: readonly SweepCell[], folder: string): Promise<void> {
  const session = new Session();
  const inputs = { session, keeper: new ImageKeeper(null) };
  try {
    let loaded: string | null = null;
    for (const { id, experiment } of cells) {
      try {
        const { model, dataset } = experiment;
        const { path, testPath, transformPath } = dataset;
        const files = JSON.stringify([model.path, path, testPath, transformPath]);
        if (files !== loaded) await loadModelAndImages(inputs, experiment, folder);
        loaded = files;
        await loadNamedFiles(inputs, experiment, folder);
        session.trainingImages(experiment);
        await checkAttack(session, experiment);
      } catch (thrown) {
        if (!(thrown instanceof StudioError)) throw thrown;
        const { code, message, subject } = thrown;
        throw new StudioError(code, `The run ${id} cannot be made: ${message}`, {
          ...(subject !== null && { subject }),
          cause: thrown,
        });
      }
    }
  } finally {
    session.dispose();
  }
}
