import type { WorkerEvent } from '../protocol/messages';
import { addGrid } from '../state/analysisStore';
import { deviceFailed, useDeviceStore } from '../state/deviceStore';
import { notifyError } from '../state/noticeStore';
import { isLive, runEvaluated, runProgressed, useRunStore } from '../state/runStore';
import { runSeries } from '../state/series';
import { useSessionStore } from '../state/sessionStore';
import { sweepProgressed, sweepRowDone } from '../state/sweepStore';

/** Puts what the worker says where the page reads it. */
export function receiveEvent(event: WorkerEvent): void {
  switch (event.kind) {
    case 'ready':
    case 'progress':
      // The client answers these itself.
      return;
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
    case 'sweep/progress':
      sweepProgressed(event.progress);
      return;
    case 'sweep/row':
      sweepRowDone(event.row);
      return;
    case 'device/lost':
      deviceFailed(event.error);
      stopLiveRun(event.error);
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

function stopLiveRun(error: Extract<WorkerEvent, { kind: 'device/lost' }>['error']): void {
  if (isLive(useRunStore.getState().phase)) {
    useRunStore.setState({ phase: 'failed', error, pending: null });
  }
}
