import { tf } from '../../tf';
import { hostOf } from '../registry';
import { runInPlace, type InPlaceKernel } from './inPlace';
import { IN_PLACE, sameFloats } from './sgd';

/** PyTorch's torch.optim.Adam, or AdamW where `decoupled`. */
export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** AdamW: the parameter shrinks by learningRate * weightDecay instead of the gradient growing by weightDecay * param. */
  readonly decoupled: boolean;
}

/** The step as a kernel: `h` as `adamNumbers` gives it. */
export const ADAM_KERNEL: InPlaceKernel = {
  key: 'refine-adam-step',
  written: ['param', 'first', 'second'],
  read: 'grad',
  body: `
  var p = param[i];
  let g = grad[i] + h[1].x * p;
  p *= h[1].y;
  let m = h[0].y * first[i] + h[1].w * g;
  let v = h[0].z * second[i] + h[2].x * g * g;
  first[i] = m;
  second[i] = v;
  param[i] = p - h[0].x * m / (sqrt(v) / h[1].z + h[0].w);`,
};

/** One parameter, its gradient, and the running means of the gradient and of its square, zero before step 1. */
export interface AdamPart {
  readonly param: tf.Variable;
  readonly grad: tf.Tensor;
  readonly first: tf.Variable;
  readonly second: tf.Variable;
}

interface AdamNumbers {
  readonly stepSize: number;
  /** Square root of the second moment's bias correction. */
  readonly correction: number;
  readonly coupled: number;
  readonly shrink: number;
}

function numbersOf(
  { learningRate, beta1, beta2, weightDecay, decoupled }: AdamOptions,
  step: number,
): AdamNumbers {
  return {
    stepSize: learningRate / (1 - beta1 ** step),
    correction: Math.sqrt(1 - beta2 ** step),
    coupled: decoupled ? 0 : weightDecay,
    shrink: decoupled ? 1 - learningRate * weightDecay : 1,
  };
}

/**
 * The numbers `ADAM_KERNEL` reads. h[0]: step size, beta1, beta2, epsilon; h[1]: coupled decay, factor of the decoupled
 * decay, square root of the second correction, 1 - beta1; 1 - beta2 is close to 1e-3, so it is computed in float64 and arrives in
 * h[2]. @param step counts from 1.
 */
export function adamNumbers(options: AdamOptions, step: number): number[] {
  const { beta1, beta2, epsilon } = options;
  const { stepSize, correction, coupled, shrink } = numbersOf(options, step);
  return [stepSize, beta1, beta2, epsilon, coupled, shrink, correction, 1 - beta1, 1 - beta2];
}

/**
 * One step of Adam or AdamW, in place, as PyTorch orders it: epsilon is added after the bias correction of the second moment.
 *
 * @param step counts from 1.
 */
export function adamStep(parts: readonly AdamPart[], options: AdamOptions, step: number): void {
  const host = hostOf(IN_PLACE);
  if (host && parts.every(({ param, grad, first, second }) => sameFloats(param, grad, first, second))) {
    const sets = parts.map(({ param, grad, first, second }) => ({
      written: [param, first, second],
      read: grad,
    }));
    runInPlace(host, ADAM_KERNEL, sets, adamNumbers(options, step));
    return;
  }
  const { beta1, beta2, epsilon } = options;
  const { stepSize, correction, coupled, shrink } = numbersOf(options, step);
  tf.tidy(() => {
    for (const { param, grad, first, second } of parts) {
      const total = coupled === 0 ? grad : grad.add(param.mul(coupled));
      first.assign(first.mul(beta1).add(total.mul(1 - beta1)));
      second.assign(second.mul(beta2).add(total.square().mul(1 - beta2)));
      const denominator = second.sqrt().div(correction).add(epsilon);
      param.assign(param.mul(shrink).sub(first.mul(stepSize).div(denominator)));
    }
  });
}
