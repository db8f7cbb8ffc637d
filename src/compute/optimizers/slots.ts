import { StudioError } from '../../protocol/errors';
import { readTogether } from '../nn/readTogether';
import { tf } from '../tf';
import type { OptimizerState } from './optimizer';

/** The zero-initialised tensors an optimiser keeps beside each parameter. */
export class Slots {
  private readonly variables = new Map<string, tf.Variable>();

  constructor(
    private readonly names: readonly string[],
    parameters: ReadonlyMap<string, tf.Variable>,
  ) {
    for (const name of names) {
      for (const [parameter, variable] of parameters) {
        this.variables.set(
          `${name}/${parameter}`,
          tf.tidy(() => tf.variable(tf.zeros(variable.shape), false)),
        );
      }
    }
  }

  /** The slot `name` of `parameter`. */
  get(name: string, parameter: string): tf.Variable {
    const variable = this.variables.get(`${name}/${parameter}`);
    if (!variable) throw new StudioError('internal', `There is no optimiser slot ${name}/${parameter}.`);
    return variable;
  }

  /** All of slot `name`, in the order of the parameters. */
  all(name: string): tf.Variable[] {
    return [...this.variables].flatMap(([key, variable]) => (key.startsWith(`${name}/`) ? [variable] : []));
  }

  async read(): Promise<OptimizerState['slots']> {
    const keys = [...this.variables];
    const values = await readTogether(keys.map(([, variable]) => variable));
    return new Map(
      keys.map(([key, { shape }], i) => [key, { shape: [...shape], data: values[i] ?? new Float32Array() }]),
    );
  }

  restore(slots: OptimizerState['slots']): void {
    for (const [key, variable] of this.variables) {
      const saved = slots.get(key);
      if (!saved || String(saved.shape) !== String(variable.shape)) {
        throw mismatch(
          saved
            ? `the optimiser's ${key} is [${String(saved.shape)}] in the checkpoint and [${String(variable.shape)}] here`
            : `it has no ${key} for the optimiser`,
        );
      }
    }
    if (slots.size !== this.variables.size) {
      throw mismatch(`it holds ${slots.size} optimiser tensors, and ${this.variables.size} are expected`);
    }
    for (const [key, variable] of this.variables) {
      const saved = slots.get(key);
      if (saved) tf.tidy(() => variable.assign(tf.tensor(saved.data.slice(), variable.shape, 'float32')));
    }
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
    this.variables.clear();
  }
}

/** A checkpoint that belongs to another run; `reason` completes "This checkpoint does not fit the run: ...". */
export function mismatch(reason: string): StudioError {
  return new StudioError('train/checkpoint-mismatch', `This checkpoint does not fit the run: ${reason}.`);
}
