import { inFrontOfBlackBox } from '../../compute/blackbox/evaluateBlackBox';
import { StudioError } from '../../protocol/errors';
import { parseExperiment } from '../../protocol/experiment';
import type { RequestName } from '../../protocol/messages';
import type { BlackBoxResults } from '../../protocol/results';
import type { Handlers } from '../rpc';
import { evaluateBlackBoxDefended, evaluateBlackBoxOriginal } from './blackBoxEvaluation';
import { tryBlackBox } from './blackBoxTrial';
import type { EngineContext } from './engine';
import { evaluationBatch } from './engineDevice';
import { evaluateDefended, evaluateOriginal, type EvaluationOptions } from './evaluation';

type Names = Extract<RequestName, `blackbox/${string}`>;

/** Models that give confidences only (Appendix E). */
export function blackBoxHandlers(engine: EngineContext): Pick<Handlers, Names> {
  const { session, files, queue, runs, blackBoxes } = engine;
  return {
    async 'blackbox/open'({ file }) {
      runs.requireNone('choosing another black box');
      // One of the same name may be open.
      await blackBoxes.close();
      session.extraFiles.set(file.path, file);
      files.keepBlackBox(file);
      return null;
    },
    async 'blackbox/try'({ experiment, allowNetwork }) {
      runs.requireNone('trying the black box');
      return tryBlackBox(session, blackBoxes, parseExperiment(experiment, 'The experiment'), allowNetwork);
    },
    async 'blackbox/distil'({ experiment, resume, allowNetwork }) {
      const started = await runs.startSurrogate(experiment, resume, (parsed) =>
        blackBoxes.of(parsed, allowNetwork),
      );
      files.keepExperiment(experiment);
      return started;
    },
    async 'blackbox/evaluate'({ allowNetwork }, { progress }) {
      runs.requireNone('measuring the black box');
      const defended = session.requireDefended();
      const { experiment } = defended;
      const held = await blackBoxes.of(experiment, allowNetwork);
      if (held.box.classes !== defended.victim.classes) {
        throw new StudioError(
          'model/shape-mismatch',
          `The black box gives ${held.box.classes} confidences, but the defended model has ${defended.victim.classes} classes.`,
          { subject: 'model.blackBox' },
        );
      }
      const { dataset } = session.requireDataset();
      const { adapter } = (await engine.device()).open;
      const signal = engine.cancellable();
      const of = (note: string): EvaluationOptions => ({
        batchSize: evaluationBatch(adapter.software, dataset.height, dataset.width),
        signal,
        onProgress: (done, total) => progress(done, total, note),
        turn: (job) => queue.run(job, signal),
      });
      const shown = inFrontOfBlackBox(
        (pixels) => defended.defense.purify(pixels),
        experiment.model,
        experiment.defense.victimInput,
        dataset,
      );
      const front = { shown, labelMap: defended.labelMap };
      // Nothing of what is measured may be replaced between two turns of it.
      runs.reserve('measuring the black box', 'A measurement of the black box');
      try {
        const results: BlackBoxResults = {
          original: await evaluateBlackBoxOriginal(session, experiment, held, of('the black box')),
          surrogate: await evaluateOriginal(session, experiment, of('the surrogate')),
          surrogateDefended: await evaluateDefended(session, defended, of('the surrogate, defended')),
          defended: await evaluateBlackBoxDefended(
            session,
            experiment,
            held,
            of('the black box, defended'),
            front,
          ),
        };
        await defended.keepBlackBox?.(results);
        return results;
      } finally {
        runs.release();
      }
    },
  };
}
