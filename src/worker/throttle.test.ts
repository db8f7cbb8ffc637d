import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunProgress, WorkerEvent } from '../protocol/messages';
import { createEventThrottle, MAX_EVENTS_PER_SECOND } from './throttle';

const progress = (step: number, phase: RunProgress['phase'] = 'training'): WorkerEvent => ({
  kind: 'run/progress',
  progress: {
    runId: 'r',
    phase,
    step,
    totalSteps: 1000,
    epoch: 0,
    stepsPerSecond: 0,
    secondsLeft: null,
    note: null,
  },
});
const metrics = (step: number): WorkerEvent => ({
  kind: 'run/metrics',
  runId: 'r',
  rows: [
    { step, epoch: 0, loss: 1, classificationLoss: 1, supconLoss: 0, learningRate: 0.1, stepSeconds: 0.01 },
  ],
});
const checkpointed = (step: number): WorkerEvent => ({
  kind: 'run/checkpointed',
  runId: 'r',
  step,
  at: 'now',
});

describe('createEventThrottle', () => {
  let sent: { at: number; event: WorkerEvent }[];
  const open = () =>
    createEventThrottle(
      (event) => sent.push({ at: Date.now(), event }),
      () => Date.now(),
    );
  const busiestSecond = () =>
    Math.max(...sent.map(({ at }) => sent.filter((other) => other.at > at - 1000 && other.at <= at).length));
  const rows = () =>
    sent.flatMap(({ event }) => (event.kind === 'run/metrics' ? event.rows.map((row) => row.step) : []));

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
  });
  afterEach(() => vi.useRealTimers());

  it('never lets more than ten through in any second, and loses no curve row', () => {
    const throttle = open();
    for (let step = 1; step <= 2000; step++) {
      throttle.push(metrics(step));
      throttle.push(progress(step));
      if (step % 100 === 0) throttle.push(checkpointed(step));
      vi.advanceTimersByTime(5);
    }
    vi.advanceTimersByTime(5000);
    expect(busiestSecond()).toBeLessThanOrEqual(MAX_EVENTS_PER_SECOND);
    expect(sent.length).toBeGreaterThan(40);
    expect(rows()).toEqual(Array.from({ length: 2000 }, (_, i) => i + 1));
    expect(sent.filter(({ event }) => event.kind === 'run/checkpointed')).toHaveLength(20);
  });

  it('keeps the bound in a storm of events that cannot wait', () => {
    const throttle = open();
    for (let step = 1; step <= 50; step++) throttle.push(checkpointed(step));
    expect(sent).toHaveLength(MAX_EVENTS_PER_SECOND);
    vi.advanceTimersByTime(10_000);
    expect(sent).toHaveLength(50);
    expect(busiestSecond()).toBe(MAX_EVENTS_PER_SECOND);
  });

  it('keeps only the latest progress while it waits', () => {
    const throttle = open();
    throttle.push(progress(1));
    throttle.push(progress(2));
    throttle.push(progress(3));
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(1000);
    expect(sent.map(({ event }) => event.kind === 'run/progress' && event.progress.step)).toEqual([1, 3]);
  });

  it('sends what waits and the change itself at once when the phase changes', () => {
    const throttle = open();
    throttle.push(progress(1));
    throttle.push(metrics(2));
    throttle.push(progress(2));
    expect(sent).toHaveLength(1);
    throttle.push(progress(2, 'paused'));
    expect(sent.map(({ event }) => event.kind)).toEqual([
      'run/progress',
      'run/metrics',
      'run/progress',
      'run/progress',
    ]);
    expect(sent.at(-1)?.event).toEqual(progress(2, 'paused'));
  });

  it('keeps the order around events that are not joined', () => {
    const throttle = open();
    throttle.push(progress(1));
    throttle.push(metrics(1));
    throttle.push(checkpointed(1));
    throttle.push(metrics(2));
    throttle.flush();
    expect(sent.map(({ event }) => event.kind)).toEqual([
      'run/progress',
      'run/metrics',
      'run/checkpointed',
      'run/metrics',
    ]);
    expect(rows()).toEqual([1, 2]);
  });
});
