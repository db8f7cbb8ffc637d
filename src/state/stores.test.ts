import { beforeEach, describe, expect, it } from 'vitest';
import type { RunProgress, SampleGrid, StoredRun } from '../protocol/messages';
import { type Evaluation, rate } from '../protocol/results';
import { addGrid, clearAnalysis, useAnalysisStore } from './analysisStore';
import { classNamesFor } from './classNames';
import { deviceFailed, useDeviceStore } from './deviceStore';
import { dismissNotice, notify, notifyError, useNoticeStore } from './noticeStore';
import { flatten, readPath, writePath } from './paths';
import { freshExperiment } from './presets';
import {
  clearRun,
  latestEvaluation,
  runEvaluated,
  runProgressed,
  showStoredRun,
  useRunStore,
} from './runStore';
import { toggleChosen } from './runsStore';
import { runSeries } from './series';
import { readMarker } from './sessionStore';
import { gridKey, gridShelf } from './shelves';

const evaluation = (accuracy: number): Evaluation => ({
  benignAccuracy: rate(accuracy, 100),
  attackSuccessRate: null,
  landsAtMapOfTarget: null,
  triggeredTrueLabelAccuracy: null,
  agreementWithOriginal: null,
  confusion: null,
  confusionTriggered: null,
});
const point = (step: number, accuracy: number) => ({ step, epoch: 0, evaluation: evaluation(accuracy) });
const grid = (step: number): SampleGrid => ({ step, rows: [], labels: [] });
const progress = (phase: RunProgress['phase'], step: number): RunProgress => ({
  runId: 'r1',
  phase,
  step,
  totalSteps: 100,
  epoch: 0,
  stepsPerSecond: 3,
  secondsLeft: 9,
  note: null,
});

beforeEach(() => {
  useNoticeStore.setState({ notices: [], nextId: 1 });
  useDeviceStore.setState(useDeviceStore.getInitialState());
  clearRun();
  clearAnalysis();
});

describe('notices', () => {
  it('shows the same sentence once, keeps the newest and can be dismissed', () => {
    notify('info', 'a');
    notify('info', 'b');
    notify('info', 'a');
    expect(useNoticeStore.getState().notices.map(({ text }) => text)).toEqual(['b', 'a']);
    for (let index = 0; index < 10; index += 1) notify('info', `n${index}`);
    expect(useNoticeStore.getState().notices).toHaveLength(6);
    dismissNotice(useNoticeStore.getState().notices[0]!.id);
    expect(useNoticeStore.getState().notices).toHaveLength(5);
  });

  it("says nothing of a person's own stop", () => {
    notifyError({ code: 'aborted', message: 'Stopped.', detail: null, subject: null });
    expect(useNoticeStore.getState().notices).toEqual([]);
  });
});

describe('device', () => {
  it.each([
    ['gpu/unsupported', 'unsupported'],
    ['gpu/no-adapter', 'no-adapter'],
    ['gpu/device-lost', 'lost'],
    ['worker/crashed', 'lost'],
    ['internal', 'failed'],
  ] as const)('%s means %s', (code, status) => {
    deviceFailed({ code, message: 'm', detail: null, subject: null });
    expect(useDeviceStore.getState().status).toBe(status);
  });
});

describe('run', () => {
  it('keeps the newest measurement, final over running', () => {
    runEvaluated(point(0, 90), 'before');
    expect(latestEvaluation(useRunStore.getState())).toBeNull();
    runEvaluated(point(10, 50), 'during');
    runEvaluated(point(20, 60), 'during');
    expect(latestEvaluation(useRunStore.getState())?.benignAccuracy?.count).toBe(60);
    runEvaluated(point(20, 61), 'after');
    const { before, history } = useRunStore.getState();
    expect(before?.benignAccuracy?.count).toBe(90);
    expect(history.map(({ step }) => step)).toEqual([10, 20]);
    expect(latestEvaluation(useRunStore.getState())?.benignAccuracy?.count).toBe(61);
  });

  it('follows progress and shows a stored run as one that is not going on', () => {
    runProgressed(progress('training', 7));
    expect(useRunStore.getState()).toMatchObject({
      phase: 'training',
      progress: { step: 7, stepsPerSecond: 3 },
    });
    const stored: StoredRun = {
      id: 'r2',
      kind: 'defense',
      name: 'n',
      createdAt: '2026-01-01T00:00:00Z',
      updatedAt: '2026-01-01T00:01:00Z',
      status: 'running',
      step: 40,
      totalSteps: 100,
      hasCheckpoint: true,
      before: evaluation(90),
      after: null,
      experiment: freshExperiment(),
      metrics: [
        {
          step: 40,
          epoch: 3,
          loss: 1,
          classificationLoss: 1,
          supconLoss: 1,
          learningRate: 0.1,
          stepSeconds: 1,
        },
      ],
      history: [point(40, 70)],
      labelMap: [1, 0],
      results: null,
    };
    showStoredRun(stored);
    expect(useRunStore.getState()).toMatchObject({
      runId: 'r2',
      phase: 'stopped',
      checkpoint: { step: null },
    });
    expect(runSeries.length).toBe(1);
  });
});

describe('sample grids', () => {
  it('thins itself out, first and newest kept, nothing left behind on the shelf', () => {
    for (let step = 0; step <= 330; step += 10) addGrid(grid(step));
    const { gridSteps } = useAnalysisStore.getState();
    expect(gridSteps.length).toBeLessThanOrEqual(32);
    expect([gridSteps[0], gridSteps.at(-1)]).toEqual([0, 330]);
    for (let step = 0; step <= 330; step += 10) {
      expect(gridShelf.get(gridKey(step)) !== null).toBe(gridSteps.includes(step));
    }
  });
});

describe('small things', () => {
  it('names classes by the data only where the numbers agree', () => {
    expect(classNamesFor(2, ['a', 'b'])).toEqual(['a', 'b']);
    expect(classNamesFor(3, ['a', 'b'])).toEqual(['class 0', 'class 1', 'class 2']);
  });

  it('compares at most two runs', () => {
    expect(toggleChosen(['a', 'b'], 'c')).toEqual(['b', 'c']);
    expect(toggleChosen(['a', 'b'], 'a')).toEqual(['b']);
  });

  it('reads a marker of its own shape and no other', () => {
    const marker = { model: 'm.pth', dataset: null, run: null, at: '2026-01-01T00:00:00Z' };
    expect(readMarker(marker)).toEqual(marker);
    expect(readMarker({ ...marker, model: null })).toBeNull();
    expect(readMarker('old')).toBeNull();
    expect(readMarker(null)).toBeNull();
  });

  it('reads, writes and flattens paths', () => {
    const value = { a: { b: [1, 2] }, c: null };
    expect(readPath(value, 'a.b.1')).toBe(2);
    expect(readPath(value, 'c.d')).toBeUndefined();
    expect(writePath(value, 'a.b.0', 9)).toEqual({ a: { b: [9, 2] }, c: null });
    expect(value.a.b).toEqual([1, 2]);
    expect(Object.fromEntries(flatten(value))).toEqual({ 'a.b': '[1,2]', c: 'null' });
  });
});
