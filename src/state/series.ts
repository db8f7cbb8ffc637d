import type { MetricsRow } from '../protocol/results';

/** The columns of a metrics row that a chart can draw. */
export type SeriesColumn =
  'step' | 'loss' | 'classificationLoss' | 'supconLoss' | 'learningRate' | 'stepSeconds';

const COLUMNS: readonly SeriesColumn[] = [
  'step',
  'loss',
  'classificationLoss',
  'supconLoss',
  'learningRate',
  'stepSeconds',
];

/**
 * The training curves of one run, in typed columns outside React: a ring that holds the last `capacity` rows.
 * Listeners are told at most every `quietMs` milliseconds, so that no stream of steps can stall the page.
 */
export class MetricSeries {
  private readonly columns: Record<SeriesColumn, Float64Array>;
  private start = 0;
  private size = 0;
  private announced = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly capacity = 1 << 17,
    private readonly quietMs = 250,
  ) {
    const column = () => new Float64Array(Math.min(capacity, 1024));
    this.columns = {
      step: column(),
      loss: column(),
      classificationLoss: column(),
      supconLoss: column(),
      learningRate: column(),
      stepSeconds: column(),
    };
  }

  /** Rows held now. */
  get length(): number {
    return this.size;
  }

  /** Grows with every announcement: the snapshot of an external store. */
  readonly version = (): number => this.announced;

  /**
   * Appends rows, oldest first. A row at or before the last step (a run resumed from a checkpoint) takes the place of
   * everything from that step on.
   */
  append(rows: readonly MetricsRow[]): void {
    for (const row of rows) {
      while (this.size > 0 && this.at('step', this.size - 1) >= row.step) this.size -= 1;
      this.push(row);
    }
    if (rows.length > 0) this.announceSoon();
  }

  /** Forgets everything, at once. */
  clear(): void {
    this.start = 0;
    this.size = 0;
    this.announce();
  }

  /** The value of a column, 0 the oldest row held; NaN outside. */
  at(column: SeriesColumn, index: number): number {
    const values = this.columns[column];
    return index < 0 || index >= this.size ? Number.NaN : (values[(this.start + index) % values.length] ?? 0);
  }

  /** A copy of one column, oldest first. */
  column(column: SeriesColumn): Float64Array {
    const copy = new Float64Array(this.size);
    for (let index = 0; index < this.size; index += 1) copy[index] = this.at(column, index);
    return copy;
  }

  /** A copy of what is held, oldest first. Of epochs nothing is held: they read 0. */
  rows(): MetricsRow[] {
    return Array.from({ length: this.size }, (_, index) => {
      const of = (column: SeriesColumn) => this.at(column, index);
      return {
        step: of('step'),
        epoch: 0,
        loss: of('loss'),
        classificationLoss: of('classificationLoss'),
        supconLoss: of('supconLoss'),
        learningRate: of('learningRate'),
        stepSeconds: of('stepSeconds'),
      };
    });
  }

  /** Hears of new rows; returns the unsubscribe function. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  private push(row: MetricsRow): void {
    if (this.size === this.columns.step.length && this.size < this.capacity) this.grow();
    const length = this.columns.step.length;
    const slot = (this.start + this.size) % length;
    for (const name of COLUMNS) this.columns[name][slot] = row[name];
    if (this.size === length) this.start = (this.start + 1) % length;
    else this.size += 1;
  }

  private grow(): void {
    const length = Math.min(this.capacity, this.columns.step.length * 2);
    for (const name of COLUMNS) {
      const larger = new Float64Array(length);
      larger.set(this.column(name));
      this.columns[name] = larger;
    }
    this.start = 0;
  }

  private announceSoon(): void {
    this.timer ??= setTimeout(() => this.announce(), this.quietMs);
  }

  private announce(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.announced += 1;
    for (const listener of this.listeners) listener();
  }
}

/** The curves of the run on the page. */
export const runSeries = new MetricSeries();
