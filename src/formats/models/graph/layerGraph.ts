/** Zero padding of images: as TensorFlow computes it, or rows and columns above, below, left and right. */
export type Padding = 'same' | 'valid' | readonly [number, number, number, number];

/** Height and width. */
export type Pair = readonly [number, number];

/** Element-wise functions; what `alpha` and `limit` are is said where they are used. */
export type ActivationName =
  | 'relu'
  | 'relu6'
  | 'leaky-relu'
  | 'elu'
  | 'selu'
  | 'gelu'
  | 'gelu-tanh'
  | 'sigmoid'
  | 'hard-sigmoid-fifth'
  | 'hard-sigmoid-sixth'
  | 'hard-swish'
  | 'tanh'
  | 'swish'
  | 'softplus'
  | 'softsign'
  | 'mish'
  | 'exp'
  | 'sqrt'
  | 'rsqrt'
  | 'square'
  | 'abs'
  | 'negate'
  | 'clip';

export type MergeName = 'add' | 'subtract' | 'multiply' | 'divide' | 'average' | 'maximum' | 'minimum';

/**
 * What a node computes. Images are NHWC. Weights are named by their keys in the file's tensors, in TensorFlow's layouts:
 * convolutions HWIO, depthwise ones [h, w, channels, multiplier], dense ones [in, out]. Axes count the batch as 0.
 */
export type LayerOp =
  | { readonly kind: 'input' }
  | {
      readonly kind: 'conv' | 'depthwise';
      readonly kernel: string;
      readonly bias: string | null;
      readonly strides: Pair;
      readonly dilations: Pair;
      readonly padding: Padding;
    }
  | { readonly kind: 'dense'; readonly kernel: string; readonly bias: string | null }
  /** Batch-norm with its running statistics, over the last axis. */
  | {
      readonly kind: 'batch-norm';
      readonly gamma: string | null;
      readonly beta: string | null;
      readonly mean: string;
      readonly variance: string;
      readonly epsilon: number;
    }
  /** Over the last axis. */
  | {
      readonly kind: 'layer-norm';
      readonly gamma: string | null;
      readonly beta: string | null;
      readonly epsilon: number;
    }
  /** x scale + offset, one number or one a channel (the last axis). */
  | { readonly kind: 'affine'; readonly scale: readonly number[]; readonly offset: readonly number[] }
  | {
      readonly kind: 'activation';
      readonly name: ActivationName;
      /** Slope below zero (leaky ReLU), scale (ELU), lower bound (clip). */
      readonly alpha: number;
      /** Upper bound (clip). */
      readonly limit: number;
    }
  /** A slope below zero for every channel. */
  | { readonly kind: 'prelu'; readonly slope: string }
  /** Over the last axis; a file may say which one that is. */
  | { readonly kind: 'softmax'; readonly axis?: number }
  | {
      readonly kind: 'pool';
      readonly by: 'max' | 'average';
      readonly size: Pair;
      readonly strides: Pair;
      readonly padding: 'same' | 'valid';
    }
  | {
      readonly kind: 'reduce';
      readonly by: 'mean' | 'max' | 'sum';
      readonly axes: readonly number[];
      readonly keepDims: boolean;
    }
  /** The shape behind the batch; -1 once. */
  | { readonly kind: 'reshape'; readonly shape: readonly number[] }
  /** Where each axis behind the batch comes from, counted from 1. */
  | { readonly kind: 'permute'; readonly axes: readonly number[] }
  | { readonly kind: 'merge'; readonly by: MergeName }
  /** With a tensor of the file; `first`: it stands before the operator. */
  | {
      readonly kind: 'with-constant';
      readonly by: MergeName;
      readonly constant: string;
      readonly first: boolean;
    }
  /** -1: the last axis. */
  | { readonly kind: 'concat'; readonly axis: number }
  /** Rows and columns above, below, left, right; negative ones are cut off. */
  | {
      readonly kind: 'pad';
      readonly sides: readonly [number, number, number, number];
      readonly mode: 'constant' | 'reflect' | 'symmetric';
      readonly value: number;
    }
  /** Bilinear between pixel centres (Keras), or between the pixels' upper left corners (TensorFlow.js). */
  | {
      readonly kind: 'upsample';
      readonly factors: Pair;
      readonly by: 'nearest' | 'bilinear' | 'bilinear-corners';
    }
  | { readonly kind: 'identity' };

/** One step of a network, computed from earlier ones. */
export interface LayerNode {
  /** The layer it belongs to; several nodes may share one (a convolution and its activation). */
  readonly layer: string;
  /** The layer's class as the file names it. */
  readonly type: string;
  readonly op: LayerOp;
  /** Indices of earlier nodes. */
  readonly inputs: readonly number[];
}

/** A classifier as a file describes it: nodes in an order in which they can be computed. */
export interface LayerGraph {
  readonly name: string;
  /** [H, W, C]; null where the file leaves a side open. */
  readonly inputShape: readonly [number | null, number | null, number];
  readonly nodes: readonly LayerNode[];
  readonly output: number;
}
