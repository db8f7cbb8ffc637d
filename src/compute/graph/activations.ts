import type { LayerOp } from '../../formats/models/graph/layerGraph';
import { activate } from '../nn/ops/activations';
import { tf } from '../tf';

/** An element-wise function of the input, differentiable. `alpha` and `limit` as `LayerOp` says. */
export function applyActivation(x: tf.Tensor, op: Extract<LayerOp, { kind: 'activation' }>): tf.Tensor {
  const { name, alpha, limit } = op;
  switch (name) {
    case 'relu':
      return tf.relu(x);
    case 'relu6':
      return tf.relu6(x);
    case 'leaky-relu':
      return tf.leakyRelu(x, alpha);
    case 'elu':
      return alpha === 1 ? tf.elu(x) : tf.sub(tf.relu(x), tf.mul(tf.sub(1, tf.exp(tf.minimum(x, 0))), alpha));
    case 'selu':
      return tf.selu(x);
    case 'gelu':
      return activate(x, 'gelu');
    case 'gelu-tanh': {
      const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
      return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
    }
    case 'sigmoid':
      return tf.sigmoid(x);
    case 'hard-sigmoid-fifth':
      return tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1);
    case 'hard-sigmoid-sixth':
      return tf.div(tf.relu6(tf.add(x, 3)), 6);
    case 'hard-swish':
      return tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6));
    case 'tanh':
      return tf.tanh(x);
    case 'swish':
      return tf.mul(x, tf.sigmoid(x));
    case 'softplus':
      return tf.softplus(x);
    case 'softsign':
      return tf.div(x, tf.add(tf.abs(x), 1));
    case 'mish':
      return tf.mul(x, tf.tanh(tf.softplus(x)));
    case 'exp':
      return tf.exp(x);
    case 'sqrt':
      return tf.sqrt(x);
    case 'rsqrt':
      return tf.rsqrt(x);
    case 'square':
      return tf.square(x);
    case 'abs':
      return tf.abs(x);
    case 'negate':
      return tf.neg(x);
    case 'clip':
      return tf.clipByValue(x, alpha, limit);
    default:
      return name satisfies never;
  }
}
