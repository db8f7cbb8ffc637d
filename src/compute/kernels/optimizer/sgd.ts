import { tf } from '../../tf';
import { hostOf } from '../registry';
import { runInPlace, type InPlaceKernel } from './inPlace';

/** Name under which the in-place optimiser steps are installed, checked, and switched off. */
export const IN_PLACE = 'RefineInPlaceStep';

/** PyTorch's torch.optim.SGD, without dampening or Nesterov. */
export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
  /** Coupled: added to the gradient. */
  readonly weightDecay: number;
}

// h[0]: learning rate, momentum, weight decay.
const KERNEL: InPlaceKernel = {
  key: 'refine-sgd-step',
  written: ['param', 'velocity'],
  read: 'grad',
  body: `
  let p = param[i];
  let v = h[0].y * velocity[i] + (grad[i] + h[0].z * p);
  velocity[i] = v;
  param[i] = p - h[0].x * v;`,
};

/** True where all tensors can be rewritten by a device kernel: float32, equally long, not empty. */
export function sameFloats(...tensors: readonly tf.Tensor[]): boolean {
  const [first] = tensors;
  return (
    tensors.every((tensor) => tensor.dtype === 'float32' && tensor.size === first?.size) &&
    (first?.size ?? 0) > 0
  );
}

/**
 * One step of SGD with momentum, in place: v = momentum v + (grad + weightDecay param), param -= learningRate v. On the first
 * step v counts as zero, as PyTorch's does, whatever the buffer holds. One dispatch where our kernels are installed,
 * tfjs primitives elsewhere. `grad` stays the caller's.
 */
export function sgdStep(
  param: tf.Variable,
  grad: tf.Tensor,
  velocity: tf.Variable,
  options: SgdOptions,
  first: boolean,
): void {
  const { learningRate, momentum, weightDecay } = options;
  const host = hostOf(IN_PLACE);
  if (first) tf.tidy(() => velocity.assign(tf.zerosLike(velocity)));
  if (host && sameFloats(param, grad, velocity)) {
    runInPlace(host, KERNEL, [param, velocity], grad, [learningRate, momentum, weightDecay]);
    return;
  }
  tf.tidy(() => {
    const total = weightDecay === 0 ? grad : grad.add(param.mul(weightDecay));
    velocity.assign(velocity.mul(momentum).add(total));
    param.assign(param.sub(velocity.mul(learningRate)));
  });
}
