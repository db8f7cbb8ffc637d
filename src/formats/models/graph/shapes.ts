import { StudioError } from '../../../protocol/errors';
import type { StateDict } from '../stateDict';
import type { LayerGraph, LayerNode, Padding } from './layerGraph';

/** The side used where a file leaves its images' height or width open: ImageNet's. */
const OPEN_SIDE = 224;
/** Numbers in one image's activation; beyond this nothing here could train. */
const MAX_ACTIVATION = 2 ** 28;
/** Numbers in a dilated or grouped kernel once it is written out; beyond this, 64 times what the file holds. */
const MAX_SPREAD = 2 ** 24;

/** What a graph comes to for images of one size. */
export interface GraphShapes {
  readonly inputShape: readonly [number, number, number];
  /** By node, without the batch. */
  readonly shapes: readonly (readonly number[])[];
  readonly classes: number;
}

/**
 * Works out every node's shape, and checks every weight against it, before anything runs.
 *
 * @param file the file's path, for errors. @param size [H, W] instead of the graph's own, where its sides are open.
 * @throws StudioError `model/shape-mismatch` naming the layer and what does not fit; `file/too-large`.
 */
export function graphShapes(
  graph: LayerGraph,
  state: StateDict,
  file: string,
  size?: readonly [number, number],
): GraphShapes {
  const [height, width, channels] = graph.inputShape;
  const inputShape = [height ?? size?.[0] ?? OPEN_SIDE, width ?? size?.[1] ?? OPEN_SIDE, channels] as const;
  const shapes: (readonly number[])[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => shapes[input] ?? []);
    const shape = node.op.kind === 'input' ? inputShape : new Checker(node, state, file).shapeOf(inputs);
    if (!shape.every((side) => Number.isInteger(side) && side >= 1))
      throw mismatch(file, node, `leaves nothing of its input: its output would be [${shape.join(', ')}]`);
    if (count(shape) > MAX_ACTIVATION)
      throw new StudioError(
        'file/too-large',
        `${file}: ${node.layer} would give ${count(shape)} numbers for one image.`,
        { subject: file },
      );
    shapes.push(shape);
  }
  const output = shapes[graph.output] ?? [];
  const classes = output[0] ?? 0;
  const last = graph.nodes[graph.output];
  if (output.length !== 1 || last === undefined)
    throw new StudioError(
      'model/unknown-architecture',
      `${file} gives an output of shape [${output.join(', ')}], not one number for each class.`,
      { subject: file },
    );
  return { inputShape, shapes, classes };
}

function mismatch(file: string, node: LayerNode, what: string): StudioError {
  return new StudioError('model/shape-mismatch', `${file}: the layer ${node.layer} (${node.type}) ${what}.`, {
    subject: file,
    detail: node.layer,
  });
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Pixels of padding before and after along one axis, and how many outputs that gives. */
export function paddingAlong(
  side: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: 'same' | 'valid' | readonly [number, number],
): { readonly before: number; readonly after: number; readonly outputs: number } {
  const span = (kernel - 1) * dilation + 1;
  if (padding === 'same') {
    const outputs = Math.ceil(side / stride);
    const total = Math.max(0, (outputs - 1) * stride + span - side);
    return { before: Math.floor(total / 2), after: total - Math.floor(total / 2), outputs };
  }
  const [before, after] = padding === 'valid' ? [0, 0] : padding;
  return { before, after, outputs: Math.floor((side + before + after - span) / stride) + 1 };
}

/** The vertical and the horizontal part of a padding. */
export function paddingParts(
  padding: Padding,
): readonly ['same' | 'valid' | readonly [number, number], 'same' | 'valid' | readonly [number, number]] {
  if (typeof padding === 'string') return [padding, padding];
  return [
    [padding[0], padding[1]],
    [padding[2], padding[3]],
  ];
}

/** One node's shape, with its weights checked. */
class Checker {
  constructor(
    private readonly node: LayerNode,
    private readonly state: StateDict,
    private readonly file: string,
  ) {}

  shapeOf(inputs: readonly (readonly number[])[]): readonly number[] {
    const { op } = this.node;
    const [x] = inputs;
    if (x === undefined) throw this.wrong('has no input');
    switch (op.kind) {
      case 'input':
      case 'identity':
      case 'activation':
        return x;
      case 'softmax':
        if (![undefined, -1, x.length].includes(op.axis))
          throw this.wrong(
            `takes a softmax over axis ${op.axis} of an input with ${x.length}; only the last one is supported`,
          );
        return x;
      case 'conv':
      case 'depthwise':
        return this.convolution(op, x);
      case 'dense':
        return this.dense(op, x);
      case 'batch-norm':
        for (const name of [op.gamma, op.beta, op.mean, op.variance]) this.vector(name, x.at(-1) ?? 0);
        return x;
      case 'layer-norm':
        for (const name of [op.gamma, op.beta]) this.vector(name, x.at(-1) ?? 0);
        return x;
      case 'affine':
        for (const { length } of [op.scale, op.offset])
          if (length !== 1 && length !== x.at(-1))
            throw this.wrong(`scales ${length} channels of an input with ${x.at(-1)}`);
        return x;
      case 'prelu':
        return this.broadcast(x, this.weight(op.slope));
      case 'pool': {
        const [height, width, channels] = this.images(x);
        return [
          paddingAlong(height, op.size[0], op.strides[0], 1, op.padding).outputs,
          paddingAlong(width, op.size[1], op.strides[1], 1, op.padding).outputs,
          channels,
        ];
      }
      case 'reduce':
        return this.reduced(op.axes, op.keepDims, x);
      case 'reshape':
        return this.reshaped(op.shape, x);
      case 'permute':
        if (op.axes.length !== x.length || !x.every((_, i) => op.axes.includes(i + 1)))
          throw this.wrong(`reorders axes ${op.axes.join(', ')} of an input with ${x.length}`);
        return op.axes.map((axis) => x[axis - 1] ?? 0);
      case 'merge':
        if (inputs.length < 2) throw this.wrong('joins fewer than two inputs');
        return inputs.reduce((a, b) => this.broadcast(a, b));
      case 'with-constant':
        return this.broadcast(x, this.behindBatch(op.constant, x.length));
      case 'concat':
        return this.concatenated(op.axis, inputs);
      case 'pad': {
        const [height, width, channels] = this.images(x);
        const [top, bottom, left, right] = op.sides;
        if (op.mode !== 'constant' && Math.max(...op.sides) >= Math.min(height, width))
          throw this.wrong('mirrors more rows than there are');
        return [height + top + bottom, width + left + right, channels];
      }
      case 'upsample': {
        const [height, width, channels] = this.images(x);
        return [height * op.factors[0], width * op.factors[1], channels];
      }
      default:
        return op satisfies never;
    }
  }

  private wrong(what: string): StudioError {
    return mismatch(this.file, this.node, what);
  }

  private images(x: readonly number[]): readonly [number, number, number] {
    const [height, width, channels] = x;
    if (x.length !== 3 || height === undefined || width === undefined || channels === undefined)
      throw this.wrong(`needs images, but its input is [${x.join(', ')}]`);
    return [height, width, channels];
  }

  private weight(name: string): readonly number[] {
    const tensor = this.state.get(name);
    if (tensor === undefined) throw this.wrong(`has no weight ${name} in the file`);
    if (tensor.data.length !== count(tensor.shape))
      throw this.wrong(`has a weight ${name} with numbers missing`);
    return tensor.shape;
  }

  private vector(name: string | null, length: number): void {
    if (name === null) return;
    const shape = this.weight(name);
    if (shape.length !== 1 || shape[0] !== length)
      throw this.wrong(`needs ${name} to be [${length}], but it is [${shape.join(', ')}]`);
  }

  private convolution(
    op: Extract<LayerNode['op'], { kind: 'conv' | 'depthwise' }>,
    x: readonly number[],
  ): readonly number[] {
    const [height, width, channels] = this.images(x);
    const kernel = this.weight(op.kernel);
    const [kernelHeight = 0, kernelWidth = 0, ins = 0, outs = 0] = kernel;
    const fits =
      op.kind === 'conv'
        ? ins > 0 && channels % ins === 0 && outs % (channels / ins) === 0
        : ins === channels;
    if (kernel.length !== 4 || !fits || count(kernel) === 0)
      throw this.wrong(`has a kernel of shape [${kernel.join(', ')}] for an input of [${x.join(', ')}]`);
    // As it is computed: with a dilation's zeros written out, and over all channels where it has groups.
    const spread = [kernelHeight, kernelWidth].map((side, i) => (side - 1) * (op.dilations[i] ?? 1) + 1);
    const channelsTaken = op.kind === 'conv' ? channels : ins;
    if (count([...spread, channelsTaken, outs]) > Math.max(MAX_SPREAD, 64 * count(kernel)))
      throw this.wrong(
        `has a kernel that would spread to ${spread.join(' x ')} pixels of ${channelsTaken} channels`,
      );
    const filters = op.kind === 'conv' ? outs : ins * outs;
    this.vector(op.bias, filters);
    const [vertical, horizontal] = paddingParts(op.padding);
    return [
      paddingAlong(height, kernelHeight, op.strides[0], op.dilations[0], vertical).outputs,
      paddingAlong(width, kernelWidth, op.strides[1], op.dilations[1], horizontal).outputs,
      filters,
    ];
  }

  private dense(op: Extract<LayerNode['op'], { kind: 'dense' }>, x: readonly number[]): readonly number[] {
    const kernel = this.weight(op.kernel);
    const [ins, outs = 0] = kernel;
    if (kernel.length !== 2 || ins !== x.at(-1))
      throw this.wrong(`has a kernel of shape [${kernel.join(', ')}] for an input of [${x.join(', ')}]`);
    this.vector(op.bias, outs);
    return [...x.slice(0, -1), outs];
  }

  private reduced(axes: readonly number[], keepDims: boolean, x: readonly number[]): readonly number[] {
    for (const axis of axes)
      if (axis < 1 || axis > x.length) throw this.wrong(`reduces axis ${axis} of an input with ${x.length}`);
    return x.flatMap((side, i) => (axes.includes(i + 1) ? (keepDims ? [1] : []) : [side]));
  }

  private reshaped(shape: readonly number[], x: readonly number[]): readonly number[] {
    const known = count(shape.filter((side) => side !== -1));
    const open = shape.filter((side) => side === -1).length;
    const total = count(x);
    if (open > 1 || known <= 0 || (open === 1 ? total % known !== 0 : known !== total))
      throw this.wrong(`cannot give [${x.join(', ')}] the shape [${shape.join(', ')}]`);
    return shape.map((side) => (side === -1 ? total / known : side));
  }

  private concatenated(counted: number, inputs: readonly (readonly number[])[]): readonly number[] {
    const [first = []] = inputs;
    const axis = counted < 0 ? first.length + 1 + counted : counted;
    if (axis < 1 || axis > first.length)
      throw this.wrong(`joins axis ${axis} of inputs with ${first.length}`);
    for (const other of inputs)
      if (other.length !== first.length || other.some((side, i) => i !== axis - 1 && side !== first[i]))
        throw this.wrong(`joins inputs of [${first.join(', ')}] and [${other.join(', ')}]`);
    return first.map((side, i) =>
      i === axis - 1 ? inputs.reduce((sum, input) => sum + (input[i] ?? 0), 0) : side,
    );
  }

  /** A constant's shape without a leading batch of one. */
  private behindBatch(name: string, rank: number): readonly number[] {
    const shape = this.weight(name);
    if (shape.length <= rank) return shape;
    if (shape.length === rank + 1 && shape[0] === 1) return shape.slice(1);
    throw this.wrong(`combines an input of ${rank} axes with ${name} of shape [${shape.join(', ')}]`);
  }

  private broadcast(a: readonly number[], b: readonly number[]): readonly number[] {
    const rank = Math.max(a.length, b.length);
    return Array.from({ length: rank }, (_, i) => {
      const left = a[a.length - rank + i] ?? 1;
      const right = b[b.length - rank + i] ?? 1;
      if (left !== right && left !== 1 && right !== 1)
        throw this.wrong(`joins inputs of [${a.join(', ')}] and [${b.join(', ')}]`);
      return Math.max(left, right);
    });
  }
}
