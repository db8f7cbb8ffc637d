import { StudioError } from '../../protocol/errors';
import type { RequestName } from '../../protocol/messages';
import type { Handlers } from '../rpc';
import type { EngineContext } from './engine';
import { exportFile } from './exports';
import { asInterrupted } from './sessionFiles';

type Names = Extract<
  RequestName,
  `run/${string}` | `runs/${string}` | `settings/${string}` | `export/${string}`
>;

/** Runs, what is stored of them, and what is taken home. */
export function runHandlers({ session, files, queue, runs, store }: EngineContext): Pick<Handlers, Names> {
  return {
    async 'run/start'({ experiment, resume }) {
      const started = await runs.start(experiment, resume);
      files.keepExperiment(experiment);
      return started;
    },
    'run/pause'({ runId }) {
      runs.require(runId).pause();
      return null;
    },
    'run/resume'({ runId }) {
      runs.require(runId).resume();
      return null;
    },
    async 'run/step'({ runId }) {
      await runs.require(runId).singleStep();
      return null;
    },
    'run/stop'({ runId }) {
      runs.require(runId).stop();
      return null;
    },
    async 'run/checkpoint'({ runId }) {
      return { step: await runs.require(runId).checkpoint() };
    },
    'export/file': ({ kind }) => exportFile(session, queue, kind),
    'runs/list': async () => {
      const stored = await store.listRuns();
      return stored.map((run) => (run.id === runs.active?.id ? run : asInterrupted(run)));
    },
    async 'runs/read'({ runId }) {
      const run = await store.readRun(runId);
      if (run) return run;
      throw new StudioError('worker/nothing-loaded', 'There is no stored run of this id.', {
        subject: runId,
      });
    },
    async 'runs/delete'({ runId }) {
      if (runs.active?.id === runId) runs.requireNone('deleting it');
      await store.deleteRun(runId);
      return null;
    },
    async 'settings/write'({ key, value }) {
      await store.writeSetting(`page/${key}`, value);
      return null;
    },
    'settings/read': ({ key }) => store.readSetting(`page/${key}`),
  };
}
