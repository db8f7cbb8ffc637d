/** Measures the speed of training over its last seconds. */
export class Pace {
  private readonly seconds: number[] = [];

  /** @param window how many of the last steps count. */
  constructor(private readonly window = 20) {}

  add(stepSeconds: number): void {
    this.seconds.push(stepSeconds);
    if (this.seconds.length > this.window) this.seconds.shift();
  }

  /** 0 until two steps are done. The slowest step is left out: the first one compiles shaders. */
  get stepsPerSecond(): number {
    if (this.seconds.length < 2) return 0;
    const total = this.seconds.reduce((sum, value) => sum + value, 0) - Math.max(...this.seconds);
    return total > 0 ? (this.seconds.length - 1) / total : 0;
  }

  /** Seconds that `steps` more will take, or null while that is not known. */
  secondsFor(steps: number): number | null {
    const rate = this.stepsPerSecond;
    return rate === 0 ? null : steps / rate;
  }
}
