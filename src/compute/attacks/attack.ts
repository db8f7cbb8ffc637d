import type { OptionDescriptor } from '../../protocol/summaries';

/** What a trigger needs to know about the data it is put on. */
export interface TriggerContext {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly target: number;
  readonly seed: number;
  /** The decoded image behind an option of kind `image`: uint8 RGB, [height, width, 3]. */
  image(id: string): Promise<{ readonly height: number; readonly width: number; readonly data: Uint8Array }>;
}

/** A trigger ready to be put on images. */
export interface Trigger {
  /** "BadNets 3×3, bottom right". */
  readonly label: string;
  /** A new array: the triggered version of `pixels`, float32 RGB in [0,1], [N, H, W, 3]. `pixels` is left alone. */
  apply(pixels: Float32Array, count: number): Float32Array;
}

/** A member of the Attack registry. */
export interface Attack {
  readonly kind: string;
  readonly label: string;
  readonly description: string;
  readonly options: readonly OptionDescriptor[];
  /**
   * Checks the options against `options` and the context, and prepares the trigger.
   * @throws StudioError `trigger/invalid` naming the option and the reason.
   */
  prepare(options: Readonly<Record<string, unknown>>, context: TriggerContext): Promise<Trigger>;
}
