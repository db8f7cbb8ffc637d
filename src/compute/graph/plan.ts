import type { LayerGraph, LayerOp, Padding, Pair } from '../../formats/models/graph/layerGraph';
import type { GraphShapes } from '../../formats/models/graph/shapes';
import type { StateDict, StateTensor } from '../../formats/models/stateDict';

/** A layer with weights, with what follows it linearly folded in; kernels as `LayerOp` has them, without dilation or groups. */
export interface WeightedStep {
  readonly kind: 'conv' | 'depthwise' | 'dense';
  readonly kernel: Float32Array<ArrayBuffer>;
  readonly shape: readonly number[];
  readonly bias: Float32Array<ArrayBuffer>;
  readonly strides: Pair;
  readonly padding: Padding;
}

/** x scale + shift by channel, what could not be folded. */
export interface AffineStep {
  readonly kind: 'scale-shift';
  readonly scale: Float32Array<ArrayBuffer>;
  readonly shift: Float32Array<ArrayBuffer>;
}

/** One step of a planned graph; `inputs` are earlier steps. */
export interface PlanStep {
  readonly op:
    | Exclude<LayerOp, { readonly kind: 'conv' | 'depthwise' | 'dense' | 'batch-norm' | 'affine' }>
    | WeightedStep
    | AffineStep;
  readonly inputs: readonly number[];
  /** How many steps use it. */
  readonly consumers: number;
  /** Whether all its inputs have one shape. */
  readonly alike: boolean;
}

/** A graph ready to be put on a device. */
export interface GraphPlan {
  readonly steps: readonly PlanStep[];
  /** The step whose output are the logits. */
  readonly output: number;
  /** The input of the last dense layer, or the logits where there is none. */
  readonly features: number;
  /** What the file ends in beyond its logits. */
  readonly ending: 'softmax' | 'sigmoid' | null;
}

/**
 * Plans a graph: probabilities at its end are taken off (their logits say the same), normalisations and other steps
 * that are linear by channel are folded into the layer before them in float64, dilated kernels are spread, groups laid out.
 * The graph is known to fit its weights (`graphShapes`).
 */
export function planGraph(graph: LayerGraph, state: StateDict, { shapes }: GraphShapes): GraphPlan {
  return new Planner(graph, state, shapes).plan();
}

interface Draft {
  op: PlanStep['op'];
  inputs: number[];
  alike: boolean;
}

class Planner {
  /** Which step stands for a node. */
  private readonly stepOf = new Map<number, number>();
  private readonly steps: Draft[] = [];
  private readonly uses = new Map<number, number>();

  constructor(
    private readonly graph: LayerGraph,
    private readonly state: StateDict,
    private readonly shapes: GraphShapes['shapes'],
  ) {}

  plan(): GraphPlan {
    const { graph } = this;
    const end = this.logits();
    for (const index of needed(graph, end.node))
      for (const input of graph.nodes[index]?.inputs ?? []) {
        const source = this.behindIdentities(input);
        this.uses.set(
          source,
          (this.uses.get(source) ?? 0) + (graph.nodes[index]?.op.kind === 'identity' ? 0 : 1),
        );
      }
    for (const index of needed(graph, end.node)) this.stepOf.set(index, this.step(index));
    const output = this.at(end.node);
    const consumers = new Map<number, number>();
    for (const { inputs } of this.steps)
      for (const input of inputs) consumers.set(input, (consumers.get(input) ?? 0) + 1);
    return {
      steps: this.steps.map(({ op, inputs, alike }, i) => ({
        op,
        inputs,
        alike,
        consumers: consumers.get(i) ?? 0,
      })),
      output,
      features: this.features(output),
      ending: end.ending,
    };
  }

  /** The node of the logits: without a softmax or a sigmoid at the end. */
  private logits(): { node: number; ending: GraphPlan['ending'] } {
    const { nodes } = this.graph;
    const node = this.behindIdentities(this.graph.output);
    const { op, inputs } = nodes[node] ?? { op: null, inputs: [] };
    const [before] = inputs;
    if (op === null || before === undefined) return { node, ending: null };
    if (op.kind === 'softmax') return { node: before, ending: 'softmax' };
    if (op.kind === 'activation' && op.name === 'sigmoid') return { node: before, ending: 'sigmoid' };
    return { node, ending: null };
  }

  private behindIdentities(index: number): number {
    let at = index;
    for (;;) {
      const node = this.graph.nodes[at];
      const [before] = node?.inputs ?? [];
      if (node?.op.kind !== 'identity' || before === undefined) return at;
      at = before;
    }
  }

  private at(node: number): number {
    return this.stepOf.get(this.behindIdentities(node)) ?? 0;
  }

  private step(index: number): number {
    const node = this.graph.nodes[index];
    if (node === undefined) return 0;
    const { op } = node;
    const inputs = node.inputs.map((input) => this.at(input));
    const [first = 0] = inputs;
    if (op.kind === 'identity') return first;
    const affine = this.affineOf(op);
    if (affine !== null) {
      const before = this.steps[first];
      const alone = this.uses.get(this.behindIdentities(node.inputs[0] ?? 0)) === 1;
      if (alone && before !== undefined && isWeighted(before.op)) {
        const folded = foldAffine(before.op, affine);
        if (folded !== null) {
          before.op = folded;
          return first;
        }
      }
      if (op.kind === 'batch-norm' || op.kind === 'affine')
        return this.push({ kind: 'scale-shift', ...affine }, [first]);
    }
    switch (op.kind) {
      case 'conv':
      case 'depthwise':
        return this.push(this.convolution(op, index), inputs);
      case 'dense': {
        const kernel = this.tensor(op.kernel);
        return this.push(
          {
            kind: 'dense',
            kernel: floats(kernel),
            shape: kernel.shape,
            bias: this.bias(op.bias, kernel.shape[1] ?? 0),
            strides: [1, 1],
            padding: 'valid',
          },
          inputs,
        );
      }
      case 'batch-norm':
      case 'affine':
        throw new Error('A normalisation was neither folded nor kept.');
      default:
        return this.push(op, inputs, this.alike(node.inputs));
    }
  }

  private alike(nodes: readonly number[]): boolean {
    return new Set(nodes.map((node) => this.shapes[node]?.join())).size <= 1;
  }

  private push(op: Draft['op'], inputs: number[], alike = true): number {
    return this.steps.push({ op, inputs, alike }) - 1;
  }

  private tensor(name: string): StateTensor {
    const tensor = this.state.get(name);
    if (tensor === undefined) throw new Error(`${name} is missing.`);
    return tensor;
  }

  private bias(name: string | null, length: number): Float32Array<ArrayBuffer> {
    return name === null ? new Float32Array(length) : floats(this.tensor(name));
  }

  private convolution(op: Extract<LayerOp, { kind: 'conv' | 'depthwise' }>, index: number): WeightedStep {
    const kernel = this.tensor(op.kernel);
    const [, , ins = 0, outs = 0] = kernel.shape;
    const spread = spreadKernel(floats(kernel), kernel.shape, op.dilations);
    const filters = op.kind === 'conv' ? outs : ins * outs;
    const groups = op.kind === 'conv' ? this.groups(index, ins) : 1;
    const { values, shape } = groups === 1 ? spread : ungroup(spread.values, spread.shape, groups);
    return {
      kind: op.kind,
      kernel: values,
      shape,
      bias: this.bias(op.bias, filters),
      strides: op.strides,
      padding: op.padding,
    };
  }

  /** Channels of the input over the kernel's. */
  private groups(index: number, ins: number): number {
    return (this.shapes[this.graph.nodes[index]?.inputs[0] ?? 0]?.[2] ?? ins) / ins;
  }

  /** What an operation multiplies each channel by and adds to it, where that is all it does. */
  private affineOf(op: LayerOp): Pick<AffineStep, 'scale' | 'shift'> | null {
    if (op.kind === 'batch-norm') {
      const variance = this.tensor(op.variance).data;
      const mean = this.tensor(op.mean).data;
      const gamma = op.gamma === null ? null : this.tensor(op.gamma).data;
      const beta = op.beta === null ? null : this.tensor(op.beta).data;
      const scale = new Float32Array(variance.length);
      const shift = new Float32Array(variance.length);
      for (let c = 0; c < scale.length; c++) {
        const by = (gamma?.[c] ?? 1) / Math.sqrt((variance[c] ?? 0) + op.epsilon);
        scale[c] = by;
        shift[c] = (beta?.[c] ?? 0) - (mean[c] ?? 0) * by;
      }
      return { scale, shift };
    }
    if (op.kind === 'affine')
      return { scale: Float32Array.from(op.scale), shift: Float32Array.from(op.offset) };
    if (op.kind !== 'with-constant') return null;
    const { shape, data } = this.tensor(op.constant);
    const values = Float32Array.from(data);
    if (shape.slice(0, -1).some((side) => side !== 1)) return null;
    if (op.by === 'add') return { scale: Float32Array.of(1), shift: values };
    if (op.by === 'subtract' && !op.first)
      return { scale: Float32Array.of(1), shift: values.map((one) => -one) };
    if (op.by === 'multiply') return { scale: values, shift: Float32Array.of(0) };
    if (op.by === 'divide' && !op.first)
      return { scale: values.map((one) => 1 / one), shift: Float32Array.of(0) };
    return null;
  }

  /** The input of the dense layer that gives the logits. */
  private features(output: number): number {
    let at = output;
    for (;;) {
      const step = this.steps[at];
      const [before] = step?.inputs ?? [];
      if (step === undefined || before === undefined) return output;
      if (step.op.kind === 'dense') return before;
      if (step.op.kind !== 'scale-shift' && step.op.kind !== 'with-constant') return output;
      at = before;
    }
  }
}

/** Indices of what a node needs, itself included, ascending. */
function needed(graph: LayerGraph, node: number): readonly number[] {
  const wanted = new Set([node]);
  for (let i = node; i >= 0; i--)
    if (wanted.has(i)) for (const input of graph.nodes[i]?.inputs ?? []) wanted.add(input);
  return [...wanted].sort((a, b) => a - b);
}

function isWeighted(op: PlanStep['op']): op is WeightedStep {
  return op.kind === 'conv' || op.kind === 'depthwise' || op.kind === 'dense';
}

function floats({ data }: StateTensor): Float32Array<ArrayBuffer> {
  return Float32Array.from(data);
}

/** The layer followed by x scale + shift, or null where the lengths do not fit its filters. */
function foldAffine(
  step: WeightedStep,
  { scale, shift }: Pick<AffineStep, 'scale' | 'shift'>,
): WeightedStep | null {
  const filters = step.bias.length;
  for (const { length } of [scale, shift]) if (length !== 1 && length !== filters) return null;
  const at = (list: Float32Array, f: number): number => list[list.length === 1 ? 0 : f] ?? 0;
  return {
    ...step,
    kernel: step.kernel.map((one, i) => one * at(scale, i % filters)),
    bias: step.bias.map((one, f) => one * at(scale, f) + at(shift, f)),
  };
}

/** A dilated kernel with its zeros written out: [(h-1)d+1, (w-1)d+1, in, out]. */
function spreadKernel(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
  [down, across]: Pair,
): { values: Float32Array<ArrayBuffer>; shape: readonly number[] } {
  if (down === 1 && across === 1) return { values, shape };
  const [height = 0, width = 0, ins = 0, outs = 0] = shape;
  const [tall, wide] = [(height - 1) * down + 1, (width - 1) * across + 1];
  const block = ins * outs;
  const spread = new Float32Array(tall * wide * block);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * block;
      spread.set(values.subarray(from, from + block), (y * down * wide + x * across) * block);
    }
  return { values: spread, shape: [tall, wide, ins, outs] };
}

/** A grouped kernel [h, w, in / groups, out] over all of the input's channels, zeros between the groups. */
function ungroup(
  values: Float32Array<ArrayBuffer>,
  shape: readonly number[],
  groups: number,
): { values: Float32Array<ArrayBuffer>; shape: readonly number[] } {
  const [height = 0, width = 0, ins = 0, outs = 0] = shape;
  const each = outs / groups;
  const whole = new Float32Array(values.length * groups);
  for (let pixel = 0; pixel < height * width; pixel++)
    for (let i = 0; i < ins; i++)
      for (let o = 0; o < outs; o++) {
        const group = Math.floor(o / each);
        whole[(pixel * ins * groups + group * ins + i) * outs + o] =
          values[(pixel * ins + i) * outs + o] ?? 0;
      }
  return { values: whole, shape: [height, width, ins * groups, outs] };
}
