import { tf } from '../../tf';
import { asImages } from '../weightlessOps';
import { dense } from './dense';
import type { AttentionSpec, TokenOps } from './tokenOps';

/** How an interpreter's values and weights become tensors. */
export interface TokenContext<T> {
  readonly tensor: (value: T) => tf.Tensor;
  readonly value: (tensor: tf.Tensor) => T;
  /** A weight by its full name, in device layout. */
  readonly weight: (name: string) => tf.Tensor;
  /** Whether weights are variables, which need a gradient. */
  readonly learned: boolean;
}

/** The token layers over tensors; every result belongs to the tidy it is made in. */
export function tensorTokenOps<T>(context: TokenContext<T>): TokenOps<T> {
  const { tensor, value, weight, learned } = context;
  return {
    parameter: (name) => value(weight(name)),
    layerNorm: (x, key, epsilon) => {
      const scaled = tf.mul(standardise(tensor(x), epsilon), weight(`${key}.weight`));
      return value(tf.add(scaled, weight(`${key}.bias`)));
    },
    patches: (x, size) => value(patchesOf(asImages(tensor(x)), size)),
    patchEmbedding: (x, key, { size, features }) => {
      const rows = patchesOf(asImages(tensor(x)), size);
      // HWIO is patch order already: row, column, channel, and then the output.
      const matrix = tf.reshape<tf.Rank.R2>(weight(`${key}.weight`), [rows.shape[2], features]);
      return value(dense(rows, matrix, weight(`${key}.bias`), learned));
    },
    shift: (x, down, right) => value(shifted(asImages(tensor(x)), down, right)),
    prepend: (x, token) => {
      const tokens = tensor(x) as tf.Tensor3D;
      const [batch, , features] = tokens.shape;
      const spread = tf.add<tf.Tensor3D>(tf.zeros([batch, 1, features]), tensor(token));
      return value(tf.concat3d([spread, tokens], 1));
    },
    first: (x) => {
      const tokens = tensor(x) as tf.Tensor3D;
      const [batch, , features] = tokens.shape;
      return value(tf.reshape(tf.slice3d(tokens, [0, 0, 0], [batch, 1, features]), [batch, features]));
    },
    attention: (qkv, spec) => {
      const logScale = spec.logScale === null ? null : tensor(spec.logScale);
      return value(attend(tensor(qkv) as tf.Tensor3D, { ...spec, logScale }));
    },
  };
}

/** (x - mean) / sqrt(variance + epsilon) over the last axis, with its closed gradient. */
export function standardise(x: tf.Tensor, epsilon: number): tf.Tensor {
  const operation = tf.customGrad<tf.Tensor>((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const centred = tf.sub(input, tf.mean(input, -1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
    const normal = tf.mul(centred, inverse);
    save([normal, inverse]);
    return {
      value: normal,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [h, rate] = saved as [tf.Tensor, tf.Tensor];
        const along = tf.mul(h, tf.mean(tf.mul(dy, h), -1, true));
        return tf.mul(tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), along), rate);
      },
    };
  });
  return operation(x);
}

function patchesOf(x: tf.Tensor4D, size: number): tf.Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const [rows, columns] = [Math.floor(height / size), Math.floor(width / size)];
  const whole = tf.slice4d(x, [0, 0, 0, 0], [batch, rows * size, columns * size, channels]);
  // [N rows, size, columns, size C] to [N rows, columns, size, size C].
  const split = tf.reshape(whole, [batch * rows, size, columns, size * channels]);
  return tf.reshape(tf.transpose(split, [0, 2, 1, 3]), [batch, rows * columns, size * size * channels]);
}

function shifted(x: tf.Tensor4D, down: number, right: number): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const kept = tf.slice4d(
    x,
    [0, Math.max(0, -down), Math.max(0, -right), 0],
    [batch, height - Math.abs(down), width - Math.abs(right), channels],
  );
  return tf.pad4d(kept, [
    [0, 0],
    [Math.max(0, down), Math.max(0, -down)],
    [Math.max(0, right), Math.max(0, -right)],
    [0, 0],
  ]);
}

/** The largest score that still becomes exactly zero weight: added to what a token may not attend to. */
const MASKED = -1e9;

/** softmax(q kᵀ scale) v by heads. Every product is batched alike on both sides, whose gradient tfjs has. */
function attend(qkv: tf.Tensor3D, spec: AttentionSpec<tf.Tensor>): tf.Tensor3D {
  const { heads, logScale, excludeSelf } = spec;
  const [batch, tokens, threefold] = qkv.shape;
  const features = threefold / 3;
  const size = features / heads;
  const split = (part: tf.Tensor): tf.Tensor3D => {
    const byHead = tf.transpose(tf.reshape(part, [batch, tokens, heads, size]), [0, 2, 1, 3]);
    return tf.reshape(byHead, [batch * heads, tokens, size]);
  };
  const [q, k, v] = tf.split(qkv, 3, 2).map(split) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  const scale = logScale === null ? 1 / Math.sqrt(size) : tf.exp(logScale);
  const scores = tf.mul(tf.matMul(q, k, false, true), scale);
  const masked = excludeSelf ? tf.add(scores, tf.mul(tf.eye(tokens), MASKED)) : scores;
  const mixed = tf.matMul(tf.softmax(masked), v);
  const together = tf.transpose(tf.reshape(mixed, [batch, heads, tokens, size]), [0, 2, 1, 3]);
  return tf.reshape(together, [batch, tokens, features]);
}
