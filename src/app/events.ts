import type { WorkerEvent } from '../protocol/messages';
import { useDatasetStore } from '../state/datasetStore';
import { addGrid } from '../state/analysisStore';
import { deviceFailed, useDeviceStore } from '../state/deviceStore';
import { notifyError } from '../state/noticeStore';
import { isLive, runEvaluated, runProgressed, useRunStore } from '../state/runStore';
import { runSeries } from '../state/series';
import { useSessionStore } from '../state/sessionStore';
import { sweepProgressed, sweepRowDone, useSweepStore } from '../state/sweepStore';
import { distillation } from '../state/surrogateStore';
import type { Training } from '../state/training';
import { useTransformStore } from '../state/transformStore';
import { victimTraining } from '../state/victimStore';

type RunEvent = Extract<WorkerEvent, { kind: `run/${string}` }>;

/** Puts what the worker says where the page reads it. */
export function receiveEvent(event: WorkerEvent): void {
  switch (event.kind) {
    case 'ready':
    case 'progress':
      // The client answers these itself.
      return;
    case 'run/progress':
    case 'run/metrics':
    case 'run/evaluation':
    case 'run/grid':
    case 'run/checkpointed':
    case 'run/finished':
    case 'run/failed':
      receiveOf(event);
      return;
    case 'sweep/progress':
      sweepProgressed(event.progress);
      return;
    case 'sweep/row':
      sweepRowDone(event.row);
      return;
    case 'images/kept':
      useDatasetStore.setState({ kept: event.dataset });
      useTransformStore.setState({ kept: event.transform });
      return;
    case 'device/lost':
      deviceFailed(event.error);
      stopWhatIsLive(event.error);
      return;
    case 'device/error':
      notifyError(event.error);
      return;
    case 'memory':
      useDeviceStore.setState({ memory: { tensors: event.tensors, gpuBytes: event.gpuBytes } });
      return;
    default:
      event satisfies never;
  }
}

/** There is one run at a time: the matrix's, the lab's classifier, a surrogate, or the defence on the page. */
function receiveOf(event: RunEvent): void {
  if (useSweepStore.getState().progress?.status === 'running') {
    if (event.kind === 'run/progress') useSweepStore.setState({ run: event.progress });
    return;
  }
  const runId = event.kind === 'run/progress' ? event.progress.runId : event.runId;
  const training = [victimTraining, distillation].find(({ useStore }) => {
    const { runId: own, pending } = useStore.getState();
    return runId === own || pending === 'start';
  });
  if (training) receiveTrainingEvent(training, event);
  else receiveRunEvent(event);
}

function receiveRunEvent(event: RunEvent): void {
  switch (event.kind) {
    case 'run/progress':
      runProgressed(event.progress);
      return;
    case 'run/metrics':
      runSeries.append(event.rows);
      return;
    case 'run/evaluation':
      runEvaluated(event.point, event.when);
      return;
    case 'run/grid':
      addGrid(event.grid);
      return;
    case 'run/checkpointed':
      useRunStore.setState({ checkpoint: { step: event.step, at: event.at } });
      useSessionStore.setState({ savedAt: Date.now() });
      return;
    case 'run/finished':
      useRunStore.setState((state) => ({
        results: event.results,
        blackBox: event.results.blackBox ?? null,
        before: event.results.before ?? state.before,
        after: event.results.after,
        labelMap: event.results.labelMap,
        pending: null,
      }));
      return;
    case 'run/failed':
      useRunStore.setState({ phase: 'failed', error: event.error, pending: null });
      notifyError(event.error);
      return;
    default:
      event satisfies never;
  }
}

function receiveTrainingEvent({ useStore, series, ...training }: Training, event: RunEvent): void {
  switch (event.kind) {
    case 'run/progress':
      training.progressed(event.progress);
      return;
    case 'run/metrics':
      series.append(event.rows);
      return;
    case 'run/evaluation':
      training.evaluated(event.point, event.when);
      return;
    case 'run/grid':
      return;
    case 'run/checkpointed':
      useStore.setState({ checkpoint: { step: event.step } });
      useSessionStore.setState({ savedAt: Date.now() });
      return;
    case 'run/finished':
      useStore.setState((state) => ({
        results: event.results,
        evaluation: event.results.after ?? state.evaluation,
        pending: null,
      }));
      return;
    case 'run/failed':
      useStore.setState({ phase: 'failed', error: event.error, pending: null });
      notifyError(event.error);
      return;
    default:
      event satisfies never;
  }
}

/** A lost device takes whatever was under way with it. */
function stopWhatIsLive(error: Extract<WorkerEvent, { kind: 'device/lost' }>['error']): void {
  if (isLive(useRunStore.getState().phase)) {
    useRunStore.setState({ phase: 'failed', error, pending: null });
  }
  for (const { useStore } of [victimTraining, distillation]) {
    if (isLive(useStore.getState().phase)) useStore.setState({ phase: 'failed', error, pending: null });
  }
  const { progress } = useSweepStore.getState();
  if (progress?.status === 'running') sweepProgressed({ ...progress, status: 'stopped', stage: null });
}
