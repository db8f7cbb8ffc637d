import type { StateDict } from '../../formats/models/stateDict';
import type { LayerInit } from './ops/weightInit';
import type { TokenOps } from './ops/tokenOps';

/** Options of a convolution; bias is present when the key `<name>.bias` is to exist. */
export interface ConvSpec {
  readonly filters: number;
  readonly kernel: number;
  readonly stride: 1 | 2;
  /** Symmetric zero padding, as PyTorch's `padding`. */
  readonly pad: number;
  readonly bias: boolean;
  /** PyTorch's `groups`: 1 where absent, else depthwise: as many as input channels and filters. */
  readonly groups?: number;
  /** How training starts; PyTorch's default where absent. */
  readonly init?: LayerInit;
}

/** Options of a linear layer, where they are not the usual ones. */
export interface LinearSpec {
  /** Whether there is a bias; true where absent. */
  readonly bias?: boolean;
  /** The tensors' names, where they are not `<key>.weight` and `<key>.bias`. */
  readonly names?: { readonly weight: string; readonly bias: string };
  /** The weight is stored as a 1x1 convolution's, [out, in, 1, 1]. */
  readonly asConvolution?: boolean;
  /** How training starts; PyTorch's default where absent. */
  readonly init?: LayerInit;
}

/**
 * The layers a network definition is written in, over a value type `T`: shapes when the definition is traced (for
 * parameter lists, the layer table and recognition), NHWC tensors when it runs. A definition is one function over
 * these, and each interpreter gives it another meaning: trace, trainable, frozen.
 */
export interface LayerOps<T> {
  /** Convolution without normalisation; weights `<key>.weight` (OIHW on disk), `<key>.bias`. */
  conv(x: T, key: string, spec: ConvSpec): T;
  /**
   * Convolution, batch-norm (eps 1e-5, momentum 0.1), then the sum with `residual` where given, then ReLU where
   * `relu`. The frozen interpreter folds the normalisation into the convolution.
   */
  convNorm(
    x: T,
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: T },
  ): T;
  /** `convNorm` of `concat(parts)`; the concatenation is only made where it cannot be done without. */
  concatConvNorm(
    parts: readonly [T, T],
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: T },
  ): T;
  /** Batch-norm by itself, in front of what it normalises for (DenseNet), then ReLU where `relu`. */
  norm(x: T, key: string, relu: boolean): T;
  /** The last axis to `features`; weights `<key>.weight` [out, in], `<key>.bias`. */
  linear(x: T, key: string, features: number, spec?: LinearSpec): T;
  /** `gelu` is the exact one, x Φ(x). */
  activation(x: T, kind: Activation): T;
  /** The sum of two values of one shape; `b` may be one value for the whole batch ([1, ...]). */
  add(a: T, b: T): T;
  /** `pad` is symmetric and never the maximum, 0 where absent. */
  maxPool(x: T, size: number, stride: number, pad?: number): T;
  /** Without padding. */
  averagePool(x: T, size: number, stride: number): T;
  /** `[N, H, W, C]` to `[N, height, width, C]`: each output is the mean of its share, PyTorch's AdaptiveAvgPool2d. */
  adaptiveAveragePool(x: T, height: number, width: number): T;
  /** `[N, H, W, C]` to `[N, C]`. */
  globalAveragePool(x: T): T;
  /** `[N, H, W, C]` to `[N, C H W]`, in PyTorch's order: channel, row, column. */
  flatten(x: T): T;
  /** In train mode zeroes a share `rate` of the values and scales the others up; the identity otherwise. */
  dropout(x: T, rate: number): T;
  /** Bilinear x2, align_corners = true. */
  upsample2x(x: T): T;
  /** Zero-pads `x` to the height and width of `like` (left and top get the floor of half the difference). */
  padTo(x: T, like: T): T;
  /** Along channels, in order. */
  concat(parts: readonly T[]): T;
  /** The layers of transformers. */
  readonly tokens: TokenOps<T>;
}

/** The activations that definitions use by themselves. */
export type Activation = 'relu' | 'relu6' | 'gelu';

/** What a definition returns: logits or an image, and the penultimate features of a classifier ([N, F]). */
export interface NetworkOutput<T> {
  readonly output: T;
  readonly features: T | null;
}

/** A network architecture with its configuration bound: ready to be traced or built. */
export interface BoundNetwork {
  readonly id: string;
  /** "CIFAR ResNet-18, first width 16". */
  readonly label: string;
  /** [H, W, C] the definition is traced with. */
  readonly inputShape: readonly [number, number, number];
  /** Number of classes, or null for a network that gives an image. */
  readonly classes: number | null;
  forward<T>(ops: LayerOps<T>, x: T): NetworkOutput<T>;
}

/**
 * A member of the Network registry. Adding an architecture is one file with one of these and one line in
 * `registry.ts`.
 */
export interface NetworkFamily {
  readonly id: string;
  readonly role: 'classifier' | 'transform';
  /**
   * The network whose parameters are exactly the tensors of this state_dict (`num_batches_tracked` may be
   * missing), or null when the keys are another architecture's.
   */
  recognise(state: StateDict): BoundNetwork | null;
}
