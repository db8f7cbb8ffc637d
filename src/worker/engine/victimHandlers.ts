import type { InputFile } from '../../formats/input';
import { writePth } from '../../formats/exports/pthWriter';
import { StudioError } from '../../protocol/errors';
import { parseExperiment } from '../../protocol/experiment';
import type { RequestName } from '../../protocol/messages';
import type { Handlers } from '../rpc';
import type { EngineContext } from './engine';
import type { GpuQueue } from './gpuQueue';
import { type LoadedModel, loadModel } from './loadModel';
import { poisoningOf } from './poisoning';
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

/** A run's name as a file's. */
function fileStem(name: string): string {
  return (
    name
      .replace(/[^\w.-]+/g, '-')
      .replace(/^[-.]+|[-.]+$/g, '')
      .slice(0, 80) || 'made'
  );
}
