import type { StudioError } from '../../../protocol/errors';

/** A checkpoint that somebody waits for. */
export interface CheckpointRequest {
  resolve(step: number): void;
  reject(error: StudioError): void;
}

/** What is asked of a run from outside, until the run comes to it. */
export class RunRequests {
  paused = false;
  stopping = false;
  private steps: (() => void)[] = [];
  private checkpoints: CheckpointRequest[] = [];
  private wake: (() => void) | null = null;

  /** True where the run has to wait: it is paused, and no single step of it is asked for. */
  get holdsStill(): boolean {
    return this.paused && !this.stopping && this.steps.length === 0;
  }

  get wantsCheckpoint(): boolean {
    return this.checkpoints.length > 0;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wake?.();
  }

  stop(): void {
    this.stopping = true;
    this.wake?.();
  }

  /** One more step, then paused again; resolves when it is done. */
  singleStep(): Promise<void> {
    this.paused = true;
    return new Promise((resolve) => {
      this.steps.push(resolve);
      this.wake?.();
    });
  }

  checkpoint(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.checkpoints.push({ resolve, reject });
      this.wake?.();
    });
  }

  /** One single step is done. */
  stepDone(): void {
    this.steps.shift()?.();
  }

  /** There are no steps left to wait for. */
  noMoreSteps(): void {
    for (const resolve of this.steps.splice(0)) resolve();
  }

  /** Hands over those who wait for a checkpoint. */
  takeCheckpoints(): readonly CheckpointRequest[] {
    return this.checkpoints.splice(0);
  }

  /** Resolves once the run need not hold still any more, or a checkpoint is asked for. */
  async change(): Promise<void> {
    if (!this.holdsStill || this.wantsCheckpoint) return;
    await new Promise<void>((resolve) => (this.wake = resolve));
    this.wake = null;
  }
}
