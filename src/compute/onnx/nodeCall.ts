import type { OnnxNode, OnnxTensor } from '../../formats/models/onnx/onnxModel';
import { OnnxProblem, type Known } from './types';

/** The batch that is run, and the one that the file was written for; null where it leaves that open. */
export interface BatchSizes {
  readonly actual: number;
  readonly declared: number | null;
}

/** A node with what is known of its inputs: what operators infer from. */
export class NodeCall {
  constructor(
    readonly node: OnnxNode,
    readonly opset: number,
    readonly batch: BatchSizes,
    private readonly known: readonly (Known | null)[],
  ) {}

  get inputCount(): number {
    return this.node.inputs.length;
  }

  /** @throws OnnxProblem where the input is not given. */
  input(index: number): Known {
    const known = this.known[index];
    if (known) return known;
    throw new OnnxProblem(`has no input ${index}`);
  }

  /** An optional input, or null. */
  optional(index: number): Known | null {
    return this.known[index] ?? null;
  }

  /** An input that has to be a constant. @throws OnnxProblem. */
  host(index: number, what: string): OnnxTensor {
    const { host } = this.input(index);
    if (host) return host;
    throw new OnnxProblem(`computes its ${what}, which is only supported as a constant`);
  }

  /** An optional constant, or null where it is not given. @throws OnnxProblem where it is computed. */
  optionalHost(index: number, what: string): OnnxTensor | null {
    return this.optional(index) ? this.host(index, what) : null;
  }

  int(name: string, otherwise: number): number {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'int' ? attribute.value : otherwise;
  }

  float(name: string, otherwise: number): number {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'float' || attribute?.kind === 'int' ? attribute.value : otherwise;
  }

  text(name: string, otherwise: string): string {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'string' ? attribute.value : otherwise;
  }

  numbers(name: string): readonly number[] | null {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'ints' || attribute?.kind === 'floats' ? attribute.value : null;
  }

  tensor(name: string): OnnxTensor | null {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'tensor' ? attribute.value : null;
  }

  /** Integers given as an attribute in old operator sets and as an input in newer ones; null where absent. */
  intsOf(name: string, index: number): readonly number[] | null {
    const attribute = this.numbers(name);
    if (attribute) return attribute;
    const host = this.optionalHost(index, name);
    return host && Array.from(host.data);
  }

  /** An axis counted from the front. @throws OnnxProblem. */
  axis(axis: number, rank: number): number {
    const from = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(from) && from >= 0 && from < rank) return from;
    throw new OnnxProblem(`names axis ${axis} of a value of rank ${rank}`);
  }
}
