import { given } from '../nn/frozenGraph';
import type { FrozenClassifier } from '../nn/types';
import { tf } from '../tf';
import { callOf, GraphProblem, inferGraph, useCounts, type LiveGraph } from './graph';
import type { Head } from './head';
import { countOf } from './hostTensor';
import type { BatchSizes } from './nodeCall';
import { RunCall, toPlain, type Kept } from './runCall';
import type { GraphValue, Known } from './types';

/** How a classifier's file wants its images. */
export interface ImageInput {
  /** The batch it was written for; null where it takes any. */
  readonly batch: number | null;
  readonly height: number | null;
  readonly width: number | null;
  readonly channels: 1 | 3;
  readonly channelsLast: boolean;
}

/** The shape of the graph's input for images of this size. */
export function inputShapeOf(input: ImageInput, batch: number, height: number, width: number): number[] {
  return input.channelsLast ? [batch, height, width, input.channels] : [batch, input.channels, height, width];
}

/** All that is known of one size of batch. */
interface Plan {
  /** Images that run at once. */
  readonly size: number;
  readonly batch: BatchSizes;
  readonly known: ReadonlyMap<string, Known>;
}

/** Sizes of batch that are remembered; a training has one, an evaluation a second and a remainder. */
const MAX_PLANS = 8;

/** A compiled graph on the device. Weights go there when they are first used. */
export class OnnxNetwork implements FrozenClassifier {
  readonly bound = null;
  readonly largestWeight: number;
  private readonly plans = new Map<string, Plan>();
  private readonly kept = new Map<number, Map<string, Kept>>();
  private readonly uses: ReadonlyMap<string, number>;

  /** @param fail makes the error for images that the graph cannot take. */
  constructor(
    readonly classes: number,
    private readonly graph: LiveGraph,
    private readonly head: Head,
    private readonly input: ImageInput,
    private readonly fail: (problem: GraphProblem) => Error,
  ) {
    const uses = useCounts(graph);
    uses.set(head.features, (uses.get(head.features) ?? 0) + 1);
    this.uses = uses;
    const weights = graph.nodes.flatMap(({ node }) => node.inputs.map((name) => graph.constants.get(name)));
    this.largestWeight = weights.reduce((most, weight) => Math.max(most, weight?.data.length ?? 0), 0);
  }

  largestValue(height: number, width: number): number {
    const { known, size } = this.planFor(1, height, width);
    const counts = Array.from(known.values(), ({ shape, host }) => (host ? 0 : countOf(framed(shape))));
    return counts.reduce((most, count) => Math.max(most, count), 0) / size;
  }

  forward(x: tf.Tensor4D): { readonly logits: tf.Tensor2D; readonly features: tf.Tensor2D } {
    const [batch, height, width, channels] = x.shape;
    const plan = this.planFor(batch, height, width);
    const [logits, features] = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
      const images = channels === this.input.channels ? x : tf.mean<tf.Tensor4D>(x, 3, true);
      if (plan.size === batch) return this.run(images, plan);
      return this.inParts(images, plan);
    });
    return { logits, features };
  }

  dispose(): void {
    for (const things of this.kept.values()) for (const thing of things.values()) thing.dispose();
    this.kept.clear();
    this.plans.clear();
  }

  /** A file for one fixed batch whose graph allows no other: so many images at a time. */
  private inParts(images: tf.Tensor4D, plan: Plan): [tf.Tensor2D, tf.Tensor2D] {
    const [batch, height, width, channels] = images.shape;
    const parts = Math.ceil(batch / plan.size);
    const missing = parts * plan.size - batch;
    const whole = missing > 0 ? tf.pad4d(images, [[0, missing], [0, 0], [0, 0], [0, 0]]) : images; // prettier-ignore
    const results = Array.from({ length: parts }, (_, i) =>
      this.run(tf.slice4d(whole, [i * plan.size, 0, 0, 0], [plan.size, height, width, channels]), plan),
    );
    const join = (which: 0 | 1): tf.Tensor2D => {
      const all = tf.concat2d(results.map((result) => result[which]), 0); // prettier-ignore
      return missing > 0 ? tf.slice2d(all, [0, 0], [batch, all.shape[1]]) : all;
    };
    return [join(0), join(1)];
  }

  private planFor(batch: number, height: number, width: number): Plan {
    const key = [batch, height, width].join(' ');
    const known = this.plans.get(key);
    if (known) return known;
    const [oldest] = this.plans.keys();
    if (this.plans.size >= MAX_PLANS && oldest !== undefined) this.plans.delete(oldest);
    try {
      const plan = this.makePlan(batch, height, width);
      this.plans.set(key, plan);
      return plan;
    } catch (cause) {
      if (cause instanceof GraphProblem) throw this.fail(cause);
      throw cause;
    }
  }

  private makePlan(batch: number, height: number, width: number): Plan {
    const declared = this.input.batch;
    const at = (size: number): Plan => {
      const sizes = { actual: size, declared };
      const known = inferGraph(this.graph, inputShapeOf(this.input, size, height, width), sizes);
      const [first] = known.get(this.head.logits)?.shape ?? [];
      if (first !== size) throw new GraphProblem('does not keep its images apart');
      return { size, batch: sizes, known };
    };
    if (declared === null || declared === batch) return at(batch);
    const written = at(declared);
    try {
      const free = at(batch);
      if (scales(written, free)) return free;
    } catch (cause) {
      if (!(cause instanceof GraphProblem)) throw cause;
    }
    return written;
  }

  private run(images: tf.Tensor4D, plan: Plan): [tf.Tensor2D, tf.Tensor2D] {
    const { graph, head, input } = this;
    const [batch, height, width] = images.shape;
    const values = new Map<string, GraphValue>();
    const shape = inputShapeOf(input, batch, height, width);
    values.set(graph.input.name, { value: given(images), nhwc: !input.channelsLast, shape });
    graph.nodes.forEach(({ node, operator }, index) => {
      const outputs = node.outputs.map((name) => plan.known.get(name));
      const made = outputs.flatMap((known) => (known ? [known] : []));
      if (made.every(({ host }) => host !== null)) return;
      const results = operator.run(
        new RunCall({
          call: callOf(graph, node, plan.known, plan.batch),
          outputs: made,
          values: node.inputs.map((name) => values.get(name) ?? null),
          sole: (i) => this.uses.get(node.inputs[i] ?? '') === 1,
          kept: this.keptBy(index),
        }),
      );
      results.forEach((value, i) => values.set(node.outputs[i] ?? '', value));
    });
    const flat = (name: string, columns: number): tf.Tensor2D => {
      const value = values.get(name);
      if (!value) throw new Error(`The value ${name} was not computed.`);
      return tf.reshape(toPlain(value).clone(), [batch, columns]);
    };
    const features = plan.known.get(head.features)?.shape ?? [];
    const width2 = features.slice(1).reduce((product, size) => product * size, 1);
    return [flat(head.logits, this.classes), flat(head.features, width2)];
  }

  private keptBy(index: number): Map<string, Kept> {
    const known = this.kept.get(index);
    if (known) return known;
    const made = new Map<string, Kept>();
    this.kept.set(index, made);
    return made;
  }
}

/** Images with the rows and columns that the largest usual windows pad them with. */
function framed(shape: readonly number[]): readonly number[] {
  const [n = 1, c = 1, h = 1, w = 1] = shape;
  return shape.length === 4 ? [n, c, h + 6, w + 6] : shape;
}

/** Whether every value is the same but for one axis, along which the batch lies. */
function scales(written: Plan, free: Plan): boolean {
  for (const [name, { shape, host }] of written.known) {
    const other = free.known.get(name);
    if (!other || other.shape.length !== shape.length) return false;
    if (host && other.host) continue;
    const changed = shape.flatMap((size, axis) => (other.shape[axis] === size ? [] : [axis]));
    const [axis] = changed;
    if (axis === undefined) continue;
    if (changed.length > 1 || (other.shape[axis] ?? 0) * written.size !== (shape[axis] ?? 0) * free.size)
      return false;
  }
  return true;
}
