import { tf } from '../../tf';
import { convGeometry, type ConvAttrs } from '../conv2d/geometry';
import { hostOf } from '../registry';
import { CONCAT_CONV, CONCAT_CONV_GRADIENT } from './names';

/**
 * conv2d(concat([a, b], 3), filter), differentiable once, without the concatenation and without the slices of its gradient
 * where our kernels are installed and cover the shape; by tfjs's ops otherwise. The result belongs to the caller's tidy.
 *
 * @param a, b [N,H,W,Ca] and [N,H,W,Cb]. @param filter [k,k,Ca+Cb,Co]. @param pad symmetric.
 */
export function concatConv2d(
  a: tf.Tensor4D,
  b: tf.Tensor4D,
  filter: tf.Tensor4D,
  stride: 1 | 2,
  pad: number,
): tf.Tensor4D {
  const attrs: ConvAttrs & tf.NamedAttrMap = {
    ...{ strides: [stride, stride], pad, dataFormat: 'NHWC', dilations: [1, 1] },
  };
  const [height, width, , outputs] = filter.shape;
  const covered = [a, b].every(
    ({ shape }) => convGeometry(shape, [height, width, shape[3], outputs], attrs) !== null,
  );
  if (!covered || !hostOf(CONCAT_CONV) || !hostOf(CONCAT_CONV_GRADIENT)) {
    return tf.conv2d(tf.concat([a, b], 3), filter, stride, pad);
  }
  const operation = tf.customGrad<tf.Tensor4D>((...args) => {
    const [first, second, weights, save] = args as unknown as [
      tf.Tensor4D,
      tf.Tensor4D,
      tf.Tensor4D,
      tf.GradSaveFunc,
    ];
    save([first, second, weights]);
    const engine = tf.engine();
    return {
      value: engine.runKernel<tf.Tensor4D>(CONCAT_CONV, { a: first, b: second, filter: weights }, attrs),
      gradFunc: (dy: tf.Tensor4D, saved: tf.Tensor[]) => {
        const [savedA, savedB, savedFilter] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        const inputs = { dy, a: savedA, b: savedB, filter: savedFilter };
        return engine.runKernel<tf.Tensor[]>(CONCAT_CONV_GRADIENT, inputs, attrs);
      },
    };
  });
  return operation(a, b, filter);
}
