import type { LayerGraph, LayerOp, MergeName } from '../../formats/models/graph/layerGraph';
import type { GraphShapes } from '../../formats/models/graph/shapes';
import type { StateDict } from '../../formats/models/stateDict';
import { deferred, given, materialise, type FrozenValue } from '../nn/frozenGraph';
import { scaleAndShift } from '../nn/ops/scaleAndShift';
import type { FrozenClassifier } from '../nn/types';
import { asImages } from '../nn/weightlessOps';
import { tf } from '../tf';
import { applyActivation } from './activations';
import { mirror, padImages, pool, upsample } from './imageOps';
import { planGraph, type GraphPlan, type PlanStep } from './plan';
import { deviceLayer, type DeviceLayer } from './weightedLayer';

/**
 * Puts a graph's classifier on the device, which has to be open. Its logits are those before a softmax or sigmoid at its end;
 * one output alone, as binary classifiers have it, becomes two classes, the first with logit 0. The caller disposes it.
 *
 * @param graph known to fit `state` (`graphShapes`). @param shapes what `graphShapes` made of both.
 */
export function buildGraphClassifier(
  graph: LayerGraph,
  state: StateDict,
  shapes: GraphShapes,
): FrozenClassifier {
  const runner = new Runner(planGraph(graph, state, shapes), state, graph.inputShape[2] === 1);
  return {
    bound: null,
    classes: Math.max(2, shapes.classes),
    largestWeight: Math.max(0, ...Array.from(state.values(), ({ data }) => data.length)),
    largestValue: () => Math.max(...shapes.shapes.map((shape) => shape.reduce((a, b) => a * b, 1))),
    forward: (x) => {
      const [logits, features] = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => runner.run(x));
      return { logits, features };
    },
    dispose: () => {
      runner.dispose();
    },
  };
}

class Runner {
  private readonly layers = new Map<number, DeviceLayer>();
  private readonly constants = new Map<string, tf.Tensor>();
  private readonly affine = new Map<number, { readonly scale: tf.Tensor1D; readonly shift: tf.Tensor1D }>();

  constructor(
    private readonly plan: GraphPlan,
    state: StateDict,
    /** Whether it takes one channel: the mean of the three it is given. */
    private readonly grey: boolean,
  ) {
    plan.steps.forEach(({ op }, i) => {
      if (op.kind === 'conv' || op.kind === 'depthwise' || op.kind === 'dense')
        this.layers.set(i, deviceLayer(op));
      if (op.kind === 'scale-shift')
        this.affine.set(i, { scale: tf.tensor1d(op.scale), shift: tf.tensor1d(op.shift) });
      for (const name of constantsOf(op)) {
        const tensor = state.get(name);
        if (tensor !== undefined && !this.constants.has(name))
          this.constants.set(name, tf.tensor(Float32Array.from(tensor.data), [...tensor.shape]));
      }
    });
  }

  run(x: tf.Tensor4D): [tf.Tensor2D, tf.Tensor2D] {
    const { plan } = this;
    const values: FrozenValue[] = [];
    plan.steps.forEach((step, i) => {
      values.push(this.compute(step, i, values, x));
    });
    const take = (index: number): tf.Tensor => {
      const value = values[index];
      if (value === undefined) throw new Error('A graph has no output.');
      return materialise(value);
    };
    const output = take(plan.output) as tf.Tensor2D;
    const features = take(plan.features);
    const flat: tf.Tensor2D = tf.reshape(features, [x.shape[0], features.size / x.shape[0]]);
    const logits = output.shape[1] === 1 ? tf.concat2d([tf.zerosLike(output), output], 1) : output.clone();
    return [logits, flat.clone()];
  }

  dispose(): void {
    for (const layer of this.layers.values()) layer.dispose();
    for (const { scale, shift } of this.affine.values()) tf.dispose([scale, shift]);
    tf.dispose([...this.constants.values()]);
  }

  private compute(
    step: PlanStep,
    index: number,
    values: readonly FrozenValue[],
    input: tf.Tensor4D,
  ): FrozenValue {
    const { op } = step;
    if (op.kind === 'input') return given(this.grey ? tf.mean(input, 3, true) : input);
    const inputs = step.inputs.map((from) => values[from] ?? given(input));
    const [x] = inputs;
    if (x === undefined) throw new Error('A step of a graph has no input.');
    const layer = this.layers.get(index);
    if (layer !== undefined) return layer.apply(x);
    const [from = 0, other = 0] = step.inputs;
    const alone = (at: number): boolean => this.plan.steps[at]?.consumers === 1;
    if (op.kind === 'activation' && (op.name === 'relu' || op.name === 'relu6') && alone(from)) {
      // A convolution that is still to be computed rectifies as it writes.
      if (x.tensor === null && x.step?.relu === false)
        return deferred({ ...x.step, relu: op.name === 'relu6' ? 6 : true });
    }
    if (op.kind === 'merge' && op.by === 'add' && inputs.length === 2 && from !== other && step.alike) {
      const joined = joinResidual(inputs, [alone(from), alone(other)]);
      if (joined !== null) return joined;
    }
    return given(this.tensors(step, index, inputs.map(materialise)));
  }

  private tensors({ op }: PlanStep, index: number, inputs: readonly tf.Tensor[]): tf.Tensor {
    const [x] = inputs;
    if (x === undefined) throw new Error('A step of a graph has no input.');
    switch (op.kind) {
      case 'scale-shift': {
        const affine = this.affine.get(index);
        return affine === undefined ? x : scaleAndShift(x, affine.scale, affine.shift, false);
      }
      case 'activation':
        return applyActivation(x, op);
      case 'softmax':
        return tf.softmax(x);
      case 'prelu': {
        const below = tf.mul(tf.neg(tf.relu(tf.neg(x))), this.constant(op.slope));
        return tf.add(tf.relu(x), below);
      }
      case 'layer-norm':
        return this.layerNorm(x, op);
      case 'pool':
        return pool(x, op);
      case 'reduce': {
        const axes = [...op.axes];
        if (op.by === 'mean') return tf.mean(x, axes, op.keepDims);
        return op.by === 'max' ? tf.max(x, axes, op.keepDims) : tf.sum(x, axes, op.keepDims);
      }
      case 'reshape':
        return tf.reshape(x, [x.shape[0] ?? 0, ...op.shape]);
      case 'permute':
        return tf.transpose(x, [0, ...op.axes]);
      case 'merge':
        return mergeAll(op.by, inputs);
      case 'with-constant': {
        const constant = this.constant(op.constant);
        return op.first ? combine(op.by, constant, x) : combine(op.by, x, constant);
      }
      case 'concat':
        return tf.concat([...inputs], op.axis);
      case 'pad':
        return op.mode === 'constant' ? padImages(asImages(x), op.sides, op.value) : mirror(x, op);
      case 'upsample':
        return upsample(x, op);
      case 'identity':
      case 'input':
      case 'conv':
      case 'depthwise':
      case 'dense':
        return x;
      default:
        return op satisfies never;
    }
  }

  private layerNorm(
    x: tf.Tensor,
    { gamma, beta, epsilon }: Extract<LayerOp, { kind: 'layer-norm' }>,
  ): tf.Tensor {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const unit = tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon)));
    const scaled = gamma === null ? unit : tf.mul(unit, this.constant(gamma));
    return beta === null ? scaled : tf.add(scaled, this.constant(beta));
  }

  private constant(name: string): tf.Tensor {
    const constant = this.constants.get(name);
    if (constant === undefined) throw new Error(`${name} is not on the device.`);
    return constant;
  }
}

/** A sum whose one side is a convolution that only it uses and that is still to be computed. */
function joinResidual(
  inputs: readonly FrozenValue[],
  alone: readonly [boolean, boolean],
): FrozenValue | null {
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return null;
  const open = (value: FrozenValue): boolean =>
    value.tensor === null && value.step !== null && value.step.relu === false && value.step.residual === null;
  const join = (conv: FrozenValue, residual: FrozenValue): FrozenValue | null =>
    conv.step === null ? null : deferred({ ...conv.step, residual });
  if (alone[1] && open(b)) return join(b, a);
  return alone[0] && open(a) ? join(a, b) : null;
}

function constantsOf(op: PlanStep['op']): readonly string[] {
  if (op.kind === 'with-constant') return [op.constant];
  if (op.kind === 'prelu') return [op.slope];
  if (op.kind === 'layer-norm') return [op.gamma, op.beta].flatMap((name) => (name === null ? [] : [name]));
  return [];
}

function combine(by: MergeName, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  switch (by) {
    case 'add':
    case 'average':
      return tf.add(a, b);
    case 'subtract':
      return tf.sub(a, b);
    case 'multiply':
      return tf.mul(a, b);
    case 'divide':
      return tf.div(a, b);
    case 'maximum':
      return tf.maximum(a, b);
    case 'minimum':
      return tf.minimum(a, b);
    default:
      return by satisfies never;
  }
}

function mergeAll(by: MergeName, inputs: readonly tf.Tensor[]): tf.Tensor {
  const all = inputs.reduce((a, b) => combine(by, a, b));
  return by === 'average' ? tf.div(all, inputs.length) : all;
}
