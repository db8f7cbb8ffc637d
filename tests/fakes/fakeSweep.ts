import type { StoredSweep, SweepCellSummary, WorkerEvent } from '../../src/protocol/messages';
import type { RunResults } from '../../src/protocol/results';
import { expandSweep } from '../../src/protocol/sweep';
import type { SweepRow } from '../../src/protocol/sweepTable';
import { fakeEvaluation } from './answers';

/** A sweep whose runs end when it is told to. */
export class FakeSweep {
  readonly cells: readonly SweepCellSummary[];
  readonly rows: SweepRow[] = [];
  private stopped = false;

  constructor(
    readonly file: unknown,
    private readonly emit: (event: WorkerEvent) => void,
  ) {
    this.cells = expandSweep(file, 'The experiment').map(({ index, id, values }) => ({ index, id, values }));
    setTimeout(() => this.tell(), 0);
  }

  stored(): StoredSweep {
    return { file: this.file, cells: this.cells, rows: this.rows };
  }

  /** The next run is over: with invented results, or with a failure. */
  finishOne(failure: string | null = null): void {
    const cell = this.cells[this.rows.length];
    if (!cell || this.stopped) return;
    const results = failure === null ? fakeResults(cell.id) : null;
    const row = { id: cell.id, values: cell.values, results, victim: results, failure };
    this.rows.push(row);
    this.emit({ kind: 'sweep/row', row });
    this.tell();
  }

  stop(): void {
    this.stopped = true;
    this.tell();
  }

  private tell(): void {
    const { length: index } = this.rows;
    const count = this.cells.length;
    const status = this.stopped ? 'stopped' : index === count ? 'done' : 'running';
    const stage = status === 'running' ? ('victim' as const) : null;
    this.emit({ kind: 'sweep/progress', progress: { status, index, count, stage } });
    if (status !== 'running') return;
    this.emit({
      kind: 'run/progress',
      progress: {
        runId: `run-of-${index}`,
        phase: 'training',
        step: 214,
        totalSteps: 740,
        epoch: 1,
        stepsPerSecond: 31,
        secondsLeft: 17,
        note: null,
      },
    });
  }
}

function fakeResults(name: string): RunResults {
  return {
    name,
    adapter: 'Fake GPU 9000',
    softwareAdapter: false,
    steps: 600,
    epochs: 1,
    secondsPerStep: 0.03,
    trainingSeconds: 21,
    labelMap: [5, 7, 0, 9, 3, 4, 8, 1, 6, 2],
    before: fakeEvaluation(0, false),
    after: fakeEvaluation(0.9, true),
    history: [],
  };
}
