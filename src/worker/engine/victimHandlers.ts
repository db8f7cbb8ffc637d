import { poisoningSummary } from '../../compute/attacks/poisoningSummary';
import { limitSplit } from '../../data/subsets';
import type { InputFile } from '../../formats/input';
import { writePth } from '../../formats/exports/pthWriter';
import { StudioError } from '../../protocol/errors';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import type { RequestName } from '../../protocol/messages';
import type { PoisoningSummary } from '../../protocol/summaries';
import type { Handlers } from '../rpc';
import type { EngineContext } from './engine';
import type { GpuQueue } from './gpuQueue';
import { type LoadedModel, loadModel } from './loadModel';
import type { Session } from './session';
import { describeWeights } from './weightsFiles';

type Names = Extract<
  RequestName,
  `victim/${string}` | `attack/${string}` | `sweep/${string}` | 'weights/open'
>;

/** The attack lab: classifiers made here, what an attack does to the data, and many runs in a row. */
export function victimHandlers(engine: EngineContext): Pick<Handlers, Names> {
  const { session, files, queue, runs, sweeps } = engine;
  return {
    async 'victim/train'({ experiment, resume }) {
      const started = await runs.startVictim(experiment, resume);
      files.keepExperiment(experiment);
      return started;
    },
    async 'victim/adopt'() {
      runs.requireNone('using the classifier it makes');
      const { model, file } = await adoptVictim(session, queue);
      files.keepModel({ kind: 'files', files: [file] });
      return { summary: model.summary };
    },
    'sweep/start': ({ file }) => sweeps.start(file),
    'sweep/stop'() {
      sweeps.stop();
      return null;
    },
    'sweep/read': () => sweeps.read(),
    async 'weights/open'({ file }) {
      // Read once now: a file that holds no tensors is better told of here than in the middle of a training.
      const described = await describeWeights(file);
      session.extraFiles.set(file.path, file);
      files.keepWeights(file);
      return described;
    },
    async 'attack/plan'({ experiment }) {
      return poisoningOf(session, parseExperiment(experiment, 'The experiment'));
    },
  };
}

/** Makes the classifier that was trained here last the session's model. @throws StudioError `worker/nothing-loaded`. */
export async function adoptVictim(
  session: Session,
  queue: GpuQueue,
): Promise<{ readonly model: LoadedModel; readonly file: InputFile }> {
  const made = session.madeVictim;
  if (!made) throw new StudioError('worker/nothing-loaded', 'No classifier was trained here yet.');
  const state = await queue.run(() => made.state());
  const file = {
    path: `${fileStem(made.experiment.name)}-${made.role}.pth`,
    blob: new Blob([writePth(state)]),
  };
  const model = await loadModel(file);
  await queue.run(() => Promise.resolve(session.replaceModel(model)));
  return { model, file };
}

/** What the experiment's attack would change of its training images. @throws StudioError `trigger/invalid`, `dataset/bad-labels`. */
export async function poisoningOf(session: Session, experiment: Experiment): Promise<PoisoningSummary> {
  const { dataset } = session.requireDataset();
  const attack = await session.triggerFor(experiment);
  if (!attack) {
    throw new StudioError('trigger/invalid', 'This experiment names no attack, so nothing is poisoned.', {
      subject: 'attack',
    });
  }
  const { labels } = limitSplit(dataset.train, experiment.dataset.train, experiment.seed);
  if (!labels) {
    throw new StudioError('dataset/bad-labels', 'Only labelled images can be poisoned for training.', {
      subject: 'dataset',
    });
  }
  return poisoningSummary(attack.plan(labels, experiment.seed), labels, dataset.classNames.length);
}

/** A run's name as a file's. */
function fileStem(name: string): string {
  return (
    name
      .replace(/[^\w.-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 80) || 'made'
  );
}
