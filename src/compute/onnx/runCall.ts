import type { OnnxTensor } from '../../formats/models/onnx/onnxModel';
import { given, materialise } from '../nn/frozenGraph';
import { tf } from '../tf';
import { transposeHost } from './hostTensor';
import type { NodeCall } from './nodeCall';
import type { GraphValue, Known } from './types';

/** Something made once and kept as long as the network. */
export interface Kept {
  dispose(): void;
}

/** What a run hands to its operators. */
export interface RunContext {
  readonly call: NodeCall;
  readonly outputs: readonly Known[];
  readonly values: readonly (GraphValue | null)[];
  /** Whether the value at this input is used nowhere else. */
  readonly sole: (index: number) => boolean;
  /** What this node keeps, by name. */
  readonly kept: Map<string, Kept>;
}

/** A node with its inputs on the device: what operators run on. */
export class RunCall {
  constructor(private readonly context: RunContext) {}

  /** What the operator inferred from. */
  get known(): NodeCall {
    return this.context.call;
  }

  /** The shape of output `index`, ONNX's order. */
  shape(index = 0): number[] {
    return [...(this.context.outputs[index]?.shape ?? [])];
  }

  get outputCount(): number {
    return this.context.outputs.length;
  }

  sole(index: number): boolean {
    return this.context.sole(index);
  }

  /** Made at the first use; a tensor made here is kept. */
  keep<T extends Kept>(name: string, make: () => T): T {
    const known = this.context.kept.get(name);
    if (known) return known as T;
    const made = make();
    if (made instanceof tf.Tensor) tf.keep(made);
    this.context.kept.set(name, made);
    return made;
  }

  /** A constant tensor in its own order of axes; `make` is asked at the first use only. */
  constant(name: string, make: () => OnnxTensor): tf.Tensor {
    return this.keep(name, () => {
      const { data, shape } = make();
      return tf.tensor(data instanceof Float32Array ? data : Float32Array.from(data), [...shape]);
    });
  }

  /** Whether the input is a computed value whose axes lie as images'. */
  isImages(index: number): boolean {
    return this.context.values[index]?.nhwc ?? false;
  }

  /** The value itself, for operators that look into it. */
  value(index: number): GraphValue {
    const value = this.context.values[index];
    if (value) return value;
    const { shape } = this.known.input(index);
    return { value: given(this.plain(index)), nhwc: false, shape };
  }

  /** The input with ONNX's order of axes. */
  plain(index: number): tf.Tensor {
    const value = this.context.values[index];
    if (value) return toPlain(value);
    const host = this.known.host(index, 'input');
    return this.constant(`input ${index} ${signature(host)}`, () => host);
  }

  /** The input, of rank 4, as NHWC images. */
  images(index: number): tf.Tensor4D {
    return this.spread(index);
  }

  /** The input as NHWC images, with axes of size one in front where its rank is below 4. */
  spread(index: number): tf.Tensor4D {
    const value = this.context.values[index];
    if (value) return toImages(value);
    const host = this.known.host(index, 'input');
    return this.keep(`images ${index} ${signature(host)}`, () => {
      const whole = transposeHost({ ...host, shape: leading(host.shape) }, [0, 2, 3, 1]);
      return tf.tensor4d(Float32Array.from(whole.data), whole.shape as [number, number, number, number]);
    });
  }

  /** A result with ONNX's order of axes. */
  givePlain(tensor: tf.Tensor, index = 0): GraphValue {
    return { value: given(tensor), nhwc: false, shape: this.shape(index) };
  }

  /** A result as NHWC images. */
  giveImages(tensor: tf.Tensor, index = 0): GraphValue {
    return { value: given(tensor), nhwc: true, shape: this.shape(index) };
  }

  /** `f` of the input, element by element, in whatever order its axes lie. */
  each(f: (x: tf.Tensor) => tf.Tensor): GraphValue[] {
    const images = this.isImages(0);
    const y = f(images ? this.images(0) : this.plain(0));
    return [images ? this.giveImages(y) : this.givePlain(y)];
  }
}

/** Tells a node's constants apart where they follow from the batch's size: those are small, or differ in shape. */
function signature({ shape, data }: OnnxTensor): string {
  return data.length <= 64 ? `${shape.join(' ')} of ${data.join(' ')}` : shape.join(' ');
}

function leading(shape: readonly number[]): number[] {
  return [...new Array<number>(4 - shape.length).fill(1), ...shape];
}

/** Moving axes of size one moves no number. */
function flat(shape: readonly number[]): boolean {
  const [, channels = 1, height = 1, width = 1] = shape;
  return channels === 1 || height * width === 1;
}

/** A value's tensor with ONNX's order of axes. */
export function toPlain({ value, nhwc, shape }: GraphValue): tf.Tensor {
  const tensor = materialise(value);
  if (!nhwc) return tensor;
  return flat(shape) ? tf.reshape(tensor, [...shape]) : tf.transpose(tensor, [0, 3, 1, 2]);
}

/** A value's tensor as NHWC images; ranks below 4 get axes of size one in front. */
export function toImages({ value, nhwc, shape }: GraphValue): tf.Tensor4D {
  const tensor = materialise(value);
  if (nhwc) return tensor as tf.Tensor4D;
  const [n = 1, c = 1, h = 1, w = 1] = leading(shape);
  if (flat([n, c, h, w])) return tf.reshape(tensor, [n, h, w, c]);
  const whole: tf.Tensor4D = tf.reshape(tensor, [n, c, h, w]);
  return tf.transpose(whole, [0, 2, 3, 1]);
}
