import type { ImageSplit } from '../../data/dataset';
import type { StateDict } from '../../formats/models/stateDict';
import type { NormalizationSettings } from '../../protocol/experiment';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { Work } from '../device/turn';
import type { Victim } from '../victim/victim';
import type { PoisonPlan } from './poisonPlan';

/** A picture that an option names: uint8 RGB, [height, width, 3]. */
export interface TriggerImage {
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
  /** Opacity of each pixel, 0-255, [height, width]; null or absent where the file has none. */
  readonly alpha?: Uint8Array | null;
}

/** What a trigger needs to know about the data it is put on. */
export interface TriggerContext {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  readonly target: number;
  readonly seed: number;
  /** How the victim normalises pixels; only BATT's official variant asks for it. */
  readonly normalization?: NormalizationSettings;
  /** The decoded image behind an option of kind `image`. */
  image(id: string): Promise<TriggerImage>;
  /** The tensors behind an option of kind `file`; absent where no files can be had. */
  tensors?(path: string): Promise<StateDict>;
}

/** A trigger ready to be put on images. */
export interface Trigger {
  /** "BadNets 3×3, bottom right". */
  readonly label: string;
  /** A new array: the triggered version of `pixels`, float32 RGB in [0,1], [N, H, W, 3]. `pixels` is left alone. */
  apply(pixels: Float32Array, count: number): Float32Array;
}

/** Numbers behind a trigger that are worth keeping: float32, C order. */
export interface AttackAsset {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The classifier that an attack needs while it poisons. */
export interface SurrogateNeed {
  /** The model file that the options name; null: a benign one, trained first on the same data and recipe. */
  readonly path: string | null;
  /** Whether the victim's training starts from the surrogate's weights, as the official code's does. */
  readonly warmStart: boolean;
}

/** What poisoning draws on beside the plan. */
export interface PoisonSource {
  /** The training images the plan was made for; RGB. */
  readonly split: ImageSplit;
  /** The victim training's seed. */
  readonly seed: number;
  /** `Groundwork.done` of the same attack and plan, to go on from. */
  readonly groundwork?: Uint8Array | null;
}

/** Work on the device that has to be done before a poisoner can be used. */
export interface Groundwork {
  /** What is being done, to begin a line of progress with: "Perturbing images". */
  readonly label: string;
  readonly complete: boolean;
  /** What is done so far, to be kept: bytes that stay the owner's. */
  readonly done: Uint8Array;
  /**
   * Goes on until it is complete; called off between two turns, it keeps what is done. Its progress counts images.
   * @param surrogate the classifier that the attack's `surrogate` asks for; stays the caller's.
   * @throws StudioError `trigger/invalid` where a surrogate is needed and missing, `aborted`, and what ends the turns.
   */
  run(surrogate: Victim | null, work: Work): Promise<void>;
}

/** Poisons training batches on the fly: no poisoned copy of the data set is made. */
export interface Poisoner {
  readonly plan: PoisonPlan;
  /** What has to be complete before `apply`; absent for most attacks. */
  readonly groundwork?: Groundwork;
  /**
   * Turns training images into what the attacker trains on, in place, before any augmentation of the recipe. Labels are the
   * plan's (`trainingLabel`). What is drawn for an image depends on the seed, the epoch and its index alone.
   * @param pixels float32 RGB in [0,1], [indices.length, H, W, 3].
   */
  apply(pixels: Float32Array, indices: Uint32Array, epoch: number): void;
}

/**
 * An attack with its options checked. As a `Trigger` it is what the victim is tested with; in training it may do
 * otherwise: several triggers, other opacities, covers that keep their label, changes to benign images too.
 */
export interface PreparedAttack extends Trigger {
  readonly kind: string;
  readonly target: number;
  /** Every option of the attack, defaults filled in: what an experiment file records. */
  readonly options: Readonly<Record<string, number | string | null>>;
  /** Null for attacks that need no other classifier. */
  readonly surrogate: SurrogateNeed | null;
  /** What was drawn and is to be kept, by name; empty for most. WaNet: `grid`, [1, H, W, 2]. */
  readonly assets: Readonly<Record<string, AttackAsset>>;
  /**
   * Which training images are poisoned, and how; the same for the same labels and seed.
   * @param labels of all training images.
   * @throws StudioError `trigger/invalid` where nothing would be poisoned, nothing would stay clean, or the target class has no images.
   */
  plan(labels: Int32Array, seed: number): PoisonPlan;
  /** Makes the poisoner; what it needs first (Label-Consistent: the perturbed images) is its groundwork. */
  poisoner(plan: PoisonPlan, source: PoisonSource): Promise<Poisoner>;
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
  prepare(options: Readonly<Record<string, unknown>>, context: TriggerContext): Promise<PreparedAttack>;
}
