import { tf } from '../tf';
import { floatBytes } from './kernelCase';

/** A convolution of the networks that are trained and defended here. */
export interface ConvShape {
  readonly batch: number;
  /** Height and width of the input. */
  readonly side: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: 1 | 2;
}

/** A convolution with the shapes of its tensors. */
export interface SizedConv extends ConvShape {
  readonly x: [number, number, number, number];
  readonly w: [number, number, number, number];
  readonly y: [number, number, number, number];
  readonly pad: number;
  /** Of the convolution, and of either gradient: a multiply-accumulate is two. */
  readonly flops: number;
  readonly bytes: number;
  readonly text: string;
}

const SHAPES: readonly Omit<ConvShape, 'batch'>[] = [
  { side: 32, inputs: 3, outputs: 64, kernel: 3, stride: 1 },
  { side: 32, inputs: 16, outputs: 16, kernel: 3, stride: 1 },
  { side: 16, inputs: 32, outputs: 32, kernel: 3, stride: 1 },
  { side: 8, inputs: 64, outputs: 64, kernel: 3, stride: 1 },
  { side: 32, inputs: 64, outputs: 64, kernel: 3, stride: 1 },
  { side: 4, inputs: 256, outputs: 256, kernel: 3, stride: 1 },
  { side: 32, inputs: 32, outputs: 64, kernel: 3, stride: 2 },
  { side: 32, inputs: 16, outputs: 3, kernel: 1, stride: 1 },
  { side: 32, inputs: 16, outputs: 32, kernel: 1, stride: 2 },
];

/** The convolutions that the kernels are measured on. */
export function convShapes(batch: number): readonly SizedConv[] {
  return SHAPES.map((shape) => sized({ ...shape, batch }));
}

function sized(shape: ConvShape): SizedConv {
  const { batch, side, inputs, outputs, kernel, stride } = shape;
  const pad = (kernel - 1) / 2;
  const out = Math.floor((side + 2 * pad - kernel) / stride) + 1;
  const x: SizedConv['x'] = [batch, side, side, inputs];
  const w: SizedConv['w'] = [kernel, kernel, inputs, outputs];
  const y: SizedConv['y'] = [batch, out, out, outputs];
  const [nx, nw, ny] = [x, w, y].map((dims) => tf.util.sizeFromShape(dims));
  return {
    ...shape,
    ...{ x, w, y, pad },
    flops: 2 * (ny ?? 0) * kernel * kernel * inputs,
    bytes: floatBytes(nx ?? 0, nw ?? 0, ny ?? 0),
    text: `batch ${batch}, ${side}x${side}, ${inputs} to ${outputs}, ${kernel}x${kernel}${stride === 2 ? ', stride 2' : ''}`,
  };
}
