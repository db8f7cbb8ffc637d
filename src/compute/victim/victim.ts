import type { NormalizationSettings } from '../../protocol/experiment';
import type { StateDict } from '../../formats/models/stateDict';
import { normalizeChannels } from '../kernels/pixels/pixels';
import { largestBinding, tooLarge } from '../device/largestBinding';
import { buildFrozen } from '../nn/frozen';
import type { BoundNetwork } from '../nn/network';
import type { FrozenClassifier } from '../nn/types';
import { tf } from '../tf';
import { classifyInParts } from './inParts';

/** How pixels become what the classifier was trained on. */
export interface VictimInput {
  /** Of pixels in [0,1], in the order of the model's channels. */
  readonly normalization: NormalizationSettings;
  /** `BGR` where the classifier was trained on channels in that order, as the official code reads images. */
  readonly channelOrder: 'RGB' | 'BGR';
}

/** What a classifier says of a batch: [N, K] logits and [N, F] penultimate features; the caller disposes both. */
export interface VictimOutput {
  readonly logits: tf.Tensor2D;
  readonly features: tf.Tensor2D;
}

/**
 * The classifier under suspicion, with what it expects of its input. Every method is pure and differentiable in its
 * input: tensors in stay the caller's, tensors out are new and the caller's to dispose (or its tidy's).
 */
export interface Victim {
  readonly network: FrozenClassifier;
  readonly classes: number;
  readonly input: VictimInput;
  /** RGB pixels in [0,1], [N, H, W, 3], with the channels in the model's order. */
  toModelPixels(rgbPixels: tf.Tensor4D): tf.Tensor4D;
  /** (pixels - mean) / std; `modelPixels` in [0,1], in the model's channel order. */
  normalize(modelPixels: tf.Tensor4D): tf.Tensor4D;
  /** What the classifier says of RGB pixels in [0,1]: reordered, normalised, classified. */
  forwardPixels(rgbPixels: tf.Tensor4D): VictimOutput;
  /** What it says of `x` as it stands: channels in the model's order, normalised or not. */
  forwardRaw(x: tf.Tensor4D): VictimOutput;
  /** Disposes the network's weights too. */
  dispose(): void;
}

/**
 * Builds the frozen classifier and the two constants it needs. The caller disposes it.
 * @throws StudioError `model/shape-mismatch` or `model/unknown-architecture`, as `buildFrozen`.
 */
export function createVictim(bound: BoundNetwork, state: StateDict, input: VictimInput): Victim {
  return victimOf(buildFrozen(bound, state), input);
}

/**
 * A victim of a classifier that is on the device already, which becomes the victim's. The caller disposes it.
 * @throws StudioError `experiment/too-large`, with the classifier disposed, where the device cannot bind its largest weight.
 */
export function victimOf(network: FrozenClassifier, input: VictimInput): Victim {
  requireWeights(network);
  const mean = tf.tensor1d([...input.normalization.mean]);
  const std = tf.tensor1d([...input.normalization.std]);

  const toModelPixels = (rgbPixels: tf.Tensor4D): tf.Tensor4D =>
    input.channelOrder === 'BGR' ? tf.reverse(rgbPixels, 3) : rgbPixels.clone();
  const normalize = (modelPixels: tf.Tensor4D): tf.Tensor4D => normalizeChannels(modelPixels, mean, std);

  return {
    network,
    classes: network.classes,
    input,
    toModelPixels,
    normalize,
    forwardPixels: (rgbPixels) => {
      const [logits, features] = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
        const output = classifyInParts(network, normalize(toModelPixels(rgbPixels)));
        return [output.logits, output.features];
      });
      return { logits, features };
    },
    forwardRaw: (x) => classifyInParts(network, x),
    dispose: () => {
      network.dispose();
      mean.dispose();
      std.dispose();
    },
  };
}

function requireWeights(network: FrozenClassifier): void {
  const [bytes, limit] = [network.largestWeight * Float32Array.BYTES_PER_ELEMENT, largestBinding()];
  if (bytes <= limit) return;
  network.dispose();
  const advice = 'use one that allows more, or a classifier with smaller layers';
  throw tooLarge({ bytes, limit, what: 'The largest weight of the classifier', advice, subject: 'model' });
}
