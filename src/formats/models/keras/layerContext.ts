import type { GraphBuilder } from '../graph/graphBuilder';
import type { LayerOp, Padding, Pair } from '../graph/layerGraph';
import type { StateTensor } from '../stateDict';
import { asList, asNumber, asText, type Json, type JsonObject } from './json';

/** One layer while its nodes are made: its settings, its weights, and how to add nodes of it. */
export class LayerContext {
  private taken = 0;

  /**
   * @param path the layer's full name, nested models' names in front. @param rank of its first input, with the batch; null
   * where it is not known.
   */
  constructor(
    readonly builder: GraphBuilder,
    readonly path: string,
    readonly className: string,
    readonly config: JsonObject,
    readonly keras3: boolean,
    private readonly weights: readonly StateTensor[],
  ) {}

  /** Adds a node of this layer. @returns its index. */
  add(op: LayerOp, inputs: readonly number[]): number {
    return this.builder.add(this.path, this.className, op, inputs);
  }

  /** The layer's next tensor, kept under `role`. @throws StudioError `model/shape-mismatch` as `missing`. */
  take(role: string): string {
    const tensor = this.weights[this.taken];
    if (tensor === undefined)
      throw this.builder.malformed(
        `has no weights for ${role} of the layer ${this.path} (${this.className})`,
      );
    this.taken += 1;
    return this.builder.keep(`${this.path}/${role}`, tensor);
  }

  /** The next tensor where a setting says that there is one. */
  takeIf(setting: string, role: string): string | null {
    return this.config[setting] === false ? null : this.take(role);
  }

  number(key: string, otherwise: number): number {
    return asNumber(this.config[key]) ?? otherwise;
  }

  /** One or two whole numbers, e.g. `strides`. @throws StudioError `format/malformed`. */
  pair(key: string, otherwise: Pair): Pair {
    const value = this.config[key];
    if (value === undefined || value === null) return otherwise;
    const list = asList(value) ?? [value, value];
    const [height, width] = list.map((side) => asNumber(side));
    if (!isSide(height) || !isSide(width) || list.length !== 2) throw this.bad(key, value);
    return [height, width];
  }

  /** `same` or `valid`. @throws StudioError `format/unsupported`. */
  padding(): Extract<Padding, string> {
    const value = asText(this.config['padding']) ?? 'valid';
    if (value === 'same' || value === 'valid') return value;
    throw this.unsupported(`padding ${value}`);
  }

  /** @throws StudioError `format/unsupported` where the layer counts channels first. */
  requireChannelsLast(): void {
    if (this.config['data_format'] === 'channels_first')
      throw this.unsupported('channels_first images; save the model with channels_last');
  }

  /** A setting that is not known. */
  unsupported(what: string): Error {
    return this.builder.unsupported(
      `uses ${what} in the layer ${this.path} (${this.className}), which is not supported`,
    );
  }

  /** A setting that cannot be. */
  bad(key: string, value: Json | undefined): Error {
    const shown = JSON.stringify(value ?? null).slice(0, 80);
    return this.builder.malformed(`gives the layer ${this.path} (${this.className}) the ${key} ${shown}`);
  }
}

function isSide(value: number | null | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_536;
}
