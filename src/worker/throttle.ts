import type { RunProgress, WorkerEvent } from '../protocol/messages';

/** The most run events that reach the page in any one second. */
export const MAX_EVENTS_PER_SECOND = 10;
const WINDOW_MS = 1000;
/** Pace of what can wait (progress, curves), leaving room in the second for what cannot. */
const PACE_MS = 150;

/** Where run events go on their way to the page. */
export interface EventThrottle {
  push(event: WorkerEvent): void;
  /** Sends what waits, whatever the pace; for the end of the worker. */
  flush(): void;
}

/**
 * Lets at most `MAX_EVENTS_PER_SECOND` events through in any second, in order and without loss of substance: of waiting
 * progress only the latest is kept, waiting curve rows are joined, memory figures replace each other. Everything else
 * (a phase change, a grid, an evaluation, a checkpoint, the end) sends what waits before it and itself at once, as far
 * as the second has room.
 */
export function createEventThrottle(
  emit: (event: WorkerEvent) => void,
  now: () => number = () => performance.now(),
): EventThrottle {
  let queue: WorkerEvent[] = [];
  let urgent = false;
  let phase: RunProgress['phase'] | null = null;
  let timer: ReturnType<typeof setTimeout> | null = null;
  /** Times of the last events sent, oldest first, at most a second's worth. */
  const sent: number[] = [];

  const waitBeforeNext = (): number => {
    const time = now();
    const oldest = sent.length < MAX_EVENTS_PER_SECOND ? undefined : sent[0];
    const room = oldest === undefined ? 0 : oldest + WINDOW_MS - time;
    const last = sent.at(-1);
    const pace = urgent || last === undefined ? 0 : last + PACE_MS - time;
    return Math.max(0, room, pace);
  };
  const send = () => {
    const event = queue.shift();
    if (!event) return;
    if (queue.length === 0) urgent = false;
    sent.push(now());
    if (sent.length > MAX_EVENTS_PER_SECOND) sent.shift();
    emit(event);
  };
  const pump = () => {
    while (queue.length > 0) {
      const wait = waitBeforeNext();
      if (wait > 0) {
        if (timer !== null) clearTimeout(timer);
        timer = setTimeout(() => {
          timer = null;
          pump();
        }, wait);
        return;
      }
      send();
    }
  };

  return {
    push(event) {
      if (event.kind === 'run/progress') {
        if (event.progress.phase !== phase) urgent = true;
        phase = event.progress.phase;
      } else if (event.kind !== 'run/metrics' && event.kind !== 'memory') {
        urgent = true;
      }
      queue = coalesce(queue, event);
      pump();
    },
    flush() {
      if (timer !== null) clearTimeout(timer);
      timer = null;
      while (queue.length > 0) send();
    },
  };
}

/** The queue with `event` added, joined to a waiting one of its kind where that loses nothing. */
function coalesce(queue: readonly WorkerEvent[], event: WorkerEvent): WorkerEvent[] {
  for (let i = queue.length - 1; i >= 0; i--) {
    const waiting = queue[i];
    if (!waiting || isBarrier(waiting)) break;
    const joined = join(waiting, event);
    if (joined) return queue.with(i, joined);
    if (waiting.kind === event.kind) break;
  }
  return [...queue, event];
}

function isBarrier(event: WorkerEvent): boolean {
  return event.kind !== 'run/progress' && event.kind !== 'run/metrics' && event.kind !== 'memory';
}

function join(waiting: WorkerEvent, event: WorkerEvent): WorkerEvent | null {
  if (waiting.kind === 'run/progress' && event.kind === 'run/progress') {
    const same =
      waiting.progress.runId === event.progress.runId && waiting.progress.phase === event.progress.phase;
    return same ? event : null;
  }
  if (waiting.kind === 'run/metrics' && event.kind === 'run/metrics') {
    return waiting.runId === event.runId ? { ...event, rows: [...waiting.rows, ...event.rows] } : null;
  }
  return waiting.kind === 'memory' && event.kind === 'memory' ? event : null;
}
