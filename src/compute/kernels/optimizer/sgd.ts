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

/** The step as a kernel: `h` as `sgdNumbers` gives it. */
export const SGD_KERNEL: InPlaceKernel = {
  key: 'refine-sgd-step',
  written: ['param', 'velocity'],
  read: 'grad',
  body: `
  let p = param[i];
  let v = h[0].y * velocity[i] + (grad[i] + h[0].z * p);
  velocity[i] = v;
  param[i] = p - h[0].x * v;`,
};

/** The numbers `SGD_KERNEL` reads. */
export function sgdNumbers({ learningRate, momentum, weightDecay }: SgdOptions): number[] {
  return [learningRate, momentum, weightDecay];
}

/** True where all tensors can be rewritten by a device kernel: float32, equally long, not empty. */
export function sameFloats(...tensors: readonly tf.Tensor[]): boolean {
  const [first] = tensors;
  return (
    tensors.every((tensor) => tensor.dtype === 'float32' && tensor.size === first?.size) &&
    (first?.size ?? 0) > 0
  );
}

/** One parameter, its gradient, and what is remembered of earlier ones; all equally long. */
export interface SgdPart {
  readonly param: tf.Variable;
  readonly grad: tf.Tensor;
  readonly velocity: tf.Variable;
}

/**
 * One step of SGD with momentum, in place: v = momentum v + (grad + weightDecay param), param -= learningRate v; v is zero before
 * the first step. A few dispatches for all where our kernels are installed, tfjs primitives elsewhere. Gradients stay
 * the caller's.
 */
export function sgdStep(parts: readonly SgdPart[], options: SgdOptions): void {
  const { learningRate, momentum, weightDecay } = options;
  const host = hostOf(IN_PLACE);
  if (host && parts.every(({ param, grad, velocity }) => sameFloats(param, grad, velocity))) {
    const sets = parts.map(({ param, grad, velocity }) => ({ written: [param, velocity], read: grad }));
    runInPlace(host, SGD_KERNEL, sets, sgdNumbers(options));
    return;
  }
  tf.tidy(() => {
    for (const { param, grad, velocity } of parts) {
      const total = weightDecay === 0 ? grad : grad.add(param.mul(weightDecay));
      velocity.assign(velocity.mul(momentum).add(total));
      param.assign(param.sub(velocity.mul(learningRate)));
    }
  });
}
