import type { Rectifier } from '../kernels/conv2d/epilogue';
import { throughGate, type FoldedLayer, type Gate } from '../kernels/foldedConv/foldedLayer';
import { tf } from '../tf';

/**
 * A value inside a frozen network: a tensor that tfjs's gradients know, or a convolution still to be computed. Chains of
 * convolutions are computed together by `materialise`, with a gradient of their own that fuses what tfjs's would do in
 * passes of their own: a ReLU's mask, and the sum where a residual connection parts.
 */
export interface FrozenValue {
  /** Null until it was computed. */
  tensor: tf.Tensor | null;
  readonly step: FrozenStep | null;
}

/** relu?(conv(input) + residual?), ReLU or ReLU6. */
export interface FrozenStep {
  readonly conv: FoldedLayer;
  readonly input: FrozenValue;
  readonly residual: FrozenValue | null;
  readonly relu: Rectifier;
}

/** A value that is there. */
export function given(tensor: tf.Tensor): FrozenValue {
  return { tensor, step: null };
}

/** A value to be computed. */
export function deferred(step: FrozenStep): FrozenValue {
  return { tensor: null, step };
}

/** The value's tensor: computed now, with all that it needs, where it was not yet. It belongs to the caller's tidy. */
export function materialise(value: FrozenValue): tf.Tensor {
  if (value.tensor !== null) return value.tensor;
  const { inputs, steps } = collect(value);
  const operation = tf.customGrad<tf.Tensor4D>((...args) => {
    const save = args[args.length - 1] as tf.GradSaveFunc;
    const outputs = new Map<FrozenValue, tf.Tensor4D>();
    inputs.forEach((input, i) => outputs.set(input, args[i] as tf.Tensor4D));
    for (const [target, { conv, input, residual, relu }] of steps) {
      const x = found(outputs, input);
      outputs.set(target, conv.forward(x, residual && found(outputs, residual), relu));
    }
    const order = [...outputs.keys()];
    save([...outputs.values()]);
    const gradFunc = (dy: tf.Tensor4D, saved: tf.Tensor[]): tf.Tensor[] =>
      backward(value, inputs, steps, dy, new Map(order.map((key, i) => [key, saved[i] as tf.Tensor4D])));
    return { value: found(outputs, value), gradFunc };
  });
  value.tensor = operation(...inputs.map((input) => input.tensor as tf.Tensor4D));
  return value.tensor;
}

type Steps = ReadonlyMap<FrozenValue, FrozenStep>;

/** What `value` is made of: tensors that are there, and steps in an order in which they can run. */
function collect(value: FrozenValue): { inputs: FrozenValue[]; steps: Steps } {
  const inputs = new Set<FrozenValue>();
  const steps = new Map<FrozenValue, FrozenStep>();
  const visit = (one: FrozenValue): void => {
    if (inputs.has(one) || steps.has(one)) return;
    if (one.tensor !== null || one.step === null) {
      inputs.add(one);
      return;
    }
    visit(one.step.input);
    if (one.step.residual) visit(one.step.residual);
    steps.set(one, one.step);
  };
  visit(value);
  return { inputs: [...inputs], steps };
}

/**
 * The gradients of `inputs`. A value's gradient is gathered from its consumers in reverse order; the last convolution among
 * them adds what was gathered before and applies the value's ReLU as it writes.
 */
function backward(
  value: FrozenValue,
  inputs: readonly FrozenValue[],
  steps: Steps,
  dy: tf.Tensor4D,
  outputs: ReadonlyMap<FrozenValue, tf.Tensor4D>,
): tf.Tensor[] {
  const open = new Map<FrozenValue, number>();
  const consume = (one: FrozenValue, by: number): number => {
    const left = (open.get(one) ?? 0) + by;
    open.set(one, left);
    return left;
  };
  for (const { input, residual } of steps.values()) {
    consume(input, 1);
    if (residual) consume(residual, 1);
  }
  return tf.tidy(() => {
    const gradients = new Map<FrozenValue, tf.Tensor4D>();
    const gate = (one: FrozenValue): Gate | null => {
      const relu = steps.get(one)?.relu ?? false;
      return relu === false ? null : { output: found(outputs, one), six: relu === 6 };
    };
    // A residual connection passes one tensor on to two values; what is replaced or used up goes when nobody has it.
    const release = (gradient: tf.Tensor4D): void => {
      if (gradient !== dy && ![...gradients.values()].includes(gradient)) gradient.dispose();
    };
    const put = (one: FrozenValue, gradient: tf.Tensor4D): void => {
      const before = gradients.get(one);
      gradients.set(one, gradient);
      if (before) release(before);
    };
    put(value, throughGate(dy, gate(value)));
    for (const [target, { conv, input, residual }] of [...steps].reverse()) {
      const gradient = found(gradients, target);
      if (residual) {
        const before = gradients.get(residual);
        const sum = before ? tf.add<tf.Tensor4D>(before, gradient) : gradient;
        const last = consume(residual, -1) === 0;
        put(residual, last ? throughGate(sum, gate(residual)) : sum);
      }
      const last = consume(input, -1) === 0;
      const x = found(outputs, input);
      const others = gradients.get(input) ?? null;
      put(input, conv.inputGradient(gradient, x.shape, others, last ? gate(input) : null));
      gradients.delete(target);
      release(gradient);
    }
    return inputs.map((input) => found(gradients, input).clone());
  });
}

function found(values: ReadonlyMap<FrozenValue, tf.Tensor4D>, one: FrozenValue): tf.Tensor4D {
  const tensor = values.get(one);
  if (tensor === undefined) throw new Error('A layer of a frozen network was used before it was computed.');
  return tensor;
}
