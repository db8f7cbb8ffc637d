import type { StateDict } from '../../formats/models/stateDict';
import type { tf } from '../tf';
import type { BoundNetwork, NetworkOutput } from './network';

/** A network whose weights are learned: train-mode or eval-mode batch-norm, every parameter a variable. */
export interface TrainableNetwork {
  readonly bound: BoundNetwork;
  /** PyTorch name to variable, in state_dict order, in device layout (conv HWIO, linear [in, out]). No buffers. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /**
   * x: float32 [N, H, W, 3]. `train` normalises with the batch's statistics and moves the running ones (biased variance
   * to normalise, unbiased to track, momentum 0.1); `eval` uses the running ones. Inside a gradient it is differentiable.
   */
  forward(x: tf.Tensor4D, mode: 'train' | 'eval'): NetworkOutput<tf.Tensor>;
  /** `body`, whose train-mode forward passes do not count as batches seen and use up no dropout mask: it only records what the GPU is to do. */
  uncounted<T>(body: () => T): T;
  /** Says which training step (from 0) the next train-mode passes belong to: their dropout masks are this step's. */
  startStep(step: number): void;
  /** Counts a batch that was run without `forward`. */
  countBatch(): void;
  /** Every tensor, buffers and `num_batches_tracked` included, under PyTorch's names, OIHW. */
  stateDict(): Promise<StateDict>;
  /** @throws StudioError `model/shape-mismatch` naming the first key that is missing, extra or of another shape. */
  load(state: StateDict): void;
  dispose(): void;
}

/** A classifier with constant weights, batch-norm folded; differentiable in its input only. */
export interface FrozenClassifier {
  /** Null for one that came as a graph of its own. */
  readonly bound: BoundNetwork | null;
  readonly classes: number;
  /** Numbers of its largest weight. */
  readonly largestWeight: number;
  /** The most numbers that any of its values holds for one image of this size. */
  largestValue(height: number, width: number): number;
  /** x: float32 [N, H, W, 3] as the network was trained on; [N, K] logits and [N, F] penultimate features. */
  forward(x: tf.Tensor4D): { readonly logits: tf.Tensor2D; readonly features: tf.Tensor2D };
  dispose(): void;
}
