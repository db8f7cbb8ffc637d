import { tf } from '../../tf';
import { product } from './dense';

/**
 * Which share of the inputs each output averages, [outputs, inputs]: output o takes inputs floor(o n / m) up to
 * ceil((o + 1) n / m), as PyTorch's adaptive pools do.
 */
export function adaptiveShares(inputs: number, outputs: number): Float32Array {
  const shares = new Float32Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    const start = Math.floor((o * inputs) / outputs);
    const end = Math.ceil(((o + 1) * inputs) / outputs);
    shares.fill(1 / (end - start), o * inputs + start, o * inputs + end);
  }
  return shares;
}

/** The axis `axis` of NHWC images averaged to `outputs`, as a product with the shares. */
function alongAxis(x: tf.Tensor4D, axis: 1 | 2, outputs: number): tf.Tensor4D {
  const inputs = x.shape[axis];
  if (inputs === outputs) return x;
  const order = axis === 1 ? [1, 0, 2, 3] : [2, 0, 1, 3];
  const back = axis === 1 ? [1, 0, 2, 3] : [1, 2, 0, 3];
  const front: tf.Tensor4D = tf.transpose(x, order);
  const shares = tf.tensor2d(adaptiveShares(inputs, outputs), [outputs, inputs]);
  const pooled = product(shares, tf.reshape(front, [inputs, x.size / inputs]));
  const shape: [number, number, number, number] = [outputs, front.shape[1], front.shape[2], front.shape[3]];
  return tf.transpose(tf.reshape(pooled, shape), back);
}

/** NHWC images averaged to `height` x `width`, smaller or larger than they are; differentiable. */
export function adaptiveAveragePool(x: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  const [, ownHeight, ownWidth] = x.shape;
  if (ownHeight % height === 0 && ownWidth % width === 0) {
    const size: [number, number] = [ownHeight / height, ownWidth / width];
    return size[0] === 1 && size[1] === 1 ? x : tf.avgPool(x, size, size, 'valid');
  }
  return alongAxis(alongAxis(x, 1, height), 2, width);
}
