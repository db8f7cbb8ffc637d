import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from '../../formats/models/onnx/onnxModel';
import { countOf } from './hostTensor';
import { NodeCall, type BatchSizes } from './nodeCall';
import { operatorOf } from './operators';
import { batchNormOf } from './ops/norms';
import { OnnxProblem, type Known, type Operator } from './types';

/** A node that will be run, with its operator. */
export interface LiveNode {
  readonly node: OnnxNode;
  readonly operator: Operator;
}

/** What of a model leads from its image input to its scores: in an order in which it can be computed. */
export interface LiveGraph {
  readonly opset: number;
  readonly input: OnnxValueInfo;
  readonly nodes: readonly LiveNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  /** The value that is given out. */
  readonly output: string;
}

/** Why a model cannot be run as a classifier: a sentence's end, after the file's name. */
export class GraphProblem extends Error {
  override readonly name = 'GraphProblem';
}

/** Operator sets that are known: later ones may have changed what an operator means. */
const OPSETS = { first: 7, last: 25 };
/** More numbers than this, or eight times what the file holds, are not made while a graph is analysed. */
const FOLDED_FLOOR = 1 << 22;
const FOLDED_TIMES_CONSTANTS = 8;

function mostFolded({ constants }: LiveGraph): number {
  let held = 0;
  for (const { data } of constants.values()) held += data.length;
  return Math.max(FOLDED_FLOOR, FOLDED_TIMES_CONSTANTS * held);
}

/** "node X (Op)" and what is wrong with it. */
function nodeProblem({ name, opType }: OnnxNode, reason: string): GraphProblem {
  return new GraphProblem(`cannot be run: node ${name} (${opType}) ${reason}`);
}

/**
 * What of the model has to be computed for `output`. Everything else is left out, whatever it is.
 * @throws GraphProblem naming every operator that is not supported with a node of it, for cycles, and for values that come from nowhere.
 */
export function liveGraph(model: OnnxModel, input: OnnxValueInfo, output: string): LiveGraph {
  const { opset } = model;
  if (!(opset >= OPSETS.first && opset <= OPSETS.last)) {
    throw new GraphProblem(
      `is written for operator set ${opset}; ${OPSETS.first} to ${OPSETS.last} are supported`,
    );
  }
  const makers = new Map<string, OnnxNode>();
  for (const node of model.nodes)
    for (const name of node.outputs) {
      if (name === '') continue;
      if (makers.has(name)) throw new GraphProblem(`is damaged: the value ${clip(name)} is made twice`);
      makers.set(name, node);
    }
  const order = sorted(model, makers, input, output);
  const unsupported = new Map<string, OnnxNode>();
  const nodes: LiveNode[] = [];
  for (const node of order) {
    const operator = operatorOf(node.domain, node.opType);
    if (operator) nodes.push({ node, operator });
    else if (!unsupported.has(`${node.domain} ${node.opType}`))
      unsupported.set(`${node.domain} ${node.opType}`, node);
  }
  if (unsupported.size > 0) {
    const named = Array.from(
      unsupported.values(),
      ({ name, opType, domain }) => `${domain === '' ? '' : `${domain}.`}${opType} (node ${name})`,
    );
    const more = named.length > 5 ? ` and ${named.length - 5} more` : '';
    throw new GraphProblem(`uses operators that are not supported: ${named.slice(0, 5).join(', ')}${more}`);
  }
  return { opset, input, nodes, constants: model.constants, output };
}

/** Depth first without recursion: a file may be as deep as it likes. */
function sorted(
  model: OnnxModel,
  makers: ReadonlyMap<string, OnnxNode>,
  input: OnnxValueInfo,
  output: string,
): OnnxNode[] {
  const done = new Set<OnnxNode>();
  const open = new Set<OnnxNode>();
  const order: OnnxNode[] = [];
  const start = makers.get(output);
  if (!start) throw new GraphProblem(`computes nothing: its output ${clip(output)} is made by no node`);
  const stack: OnnxNode[] = [start];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (done.has(node)) {
      stack.pop();
      continue;
    }
    open.add(node);
    const waiting: OnnxNode[] = [];
    for (const name of node.inputs) {
      if (name === '' || name === input.name || model.constants.has(name)) continue;
      const maker = makers.get(name);
      if (!maker) throw nodeProblem(node, `uses the value ${clip(name)}, which nothing makes`);
      if (open.has(maker)) throw nodeProblem(node, 'is part of a cycle');
      if (!done.has(maker)) waiting.push(maker);
    }
    if (waiting.length > 0) {
      stack.push(...new Set(waiting));
      continue;
    }
    open.delete(node);
    done.add(node);
    order.push(node);
    stack.pop();
  }
  return order;
}

/** What is known of every value for one shape of the input. @throws GraphProblem naming the node that does not fit. */
export function inferGraph(
  graph: LiveGraph,
  inputShape: readonly number[],
  batch: BatchSizes,
): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const [name, host] of graph.constants) known.set(name, { shape: host.shape, kind: host.kind, host });
  known.set(graph.input.name, { shape: inputShape, kind: graph.input.kind, host: null });
  const most = mostFolded(graph);
  let made = 0;
  for (const { node, operator } of graph.nodes) {
    try {
      const outputs = operator.infer(callOf(graph, node, known, batch));
      outputs.forEach((output, i) => {
        const name = node.outputs[i];
        const count = countOf(output.shape);
        made += output.host ? count : 0;
        if (made > most) throw new OnnxProblem('makes too many constants');
        if (name !== undefined && name !== '') known.set(name, output);
      });
    } catch (cause) {
      if (cause instanceof OnnxProblem) throw nodeProblem(node, cause.message);
      throw cause;
    }
  }
  return known;
}

/** A node with what is known of its inputs. */
export function callOf(
  graph: LiveGraph,
  node: OnnxNode,
  known: ReadonlyMap<string, Known>,
  batch: BatchSizes,
): NodeCall {
  const inputs = node.inputs.map((name) => (name === '' ? null : (known.get(name) ?? null)));
  return new NodeCall(node, graph.opset, batch, inputs);
}

/**
 * The graph with what is constant whatever the input taken out, as constants, and with batch-norms folded into the convolutions in front
 * of them.
 */
export function foldConstants(graph: LiveGraph): LiveGraph {
  const constants = new Map(graph.constants);
  const known = new Map<string, Known>(
    Array.from(constants, ([name, host]) => [name, { shape: host.shape, kind: host.kind, host }]),
  );
  const nodes: LiveNode[] = [];
  const batch = { actual: 1, declared: null };
  const most = mostFolded(graph);
  let made = 0;
  for (const live of graph.nodes) {
    const { node, operator } = live;
    const fixed = node.inputs.every((name) => name === '' || known.has(name));
    const outputs = fixed ? inferNode(operator, callOf(graph, node, known, batch)) : null;
    if (!outputs?.every(({ host }) => host !== null)) {
      nodes.push(live);
      continue;
    }
    outputs.forEach((output, i) => {
      const name = node.outputs[i];
      made += countOf(output.shape);
      if (made > most) throw nodeProblem(node, 'makes too many constants');
      if (name === undefined || name === '' || !output.host) return;
      known.set(name, output);
      constants.set(name, output.host);
    });
  }
  return foldNorms({ ...graph, nodes, constants });
}

/** Null where the node is wrong: that is told when the whole graph is inferred. */
function inferNode(operator: Operator, call: NodeCall): readonly Known[] | null {
  try {
    return operator.infer(call);
  } catch (cause) {
    if (cause instanceof OnnxProblem) return null;
    throw cause;
  }
}

/** How often each value is used, the graph's output included. */
export function useCounts(graph: LiveGraph): Map<string, number> {
  const uses = new Map<string, number>([[graph.output, 1]]);
  for (const { node } of graph.nodes)
    for (const name of node.inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  return uses;
}

/** In float64, before anything reaches the device. */
function foldNorms(graph: LiveGraph): LiveGraph {
  const uses = useCounts(graph);
  const constants = new Map(graph.constants);
  const convolutions = new Map<string, number>();
  const nodes: LiveNode[] = [];
  for (const live of graph.nodes) {
    const { node } = live;
    if (node.opType === 'Conv' && uses.get(node.outputs[0] ?? '') === 1)
      convolutions.set(node.outputs[0] ?? '', nodes.length);
    const at = node.opType === 'BatchNormalization' ? convolutions.get(node.inputs[0] ?? '') : undefined;
    const before = at === undefined ? undefined : nodes[at];
    const folded = before && foldInto(graph, before, node, constants);
    if (at === undefined || !folded) nodes.push(live);
    else {
      // The pair stays where the normalisation was: what uses it comes later.
      nodes[at] = { ...folded, node: { ...folded.node, outputs: [node.outputs[0] ?? ''] } };
    }
  }
  return { ...graph, nodes, constants };
}

function foldInto(
  graph: LiveGraph,
  convolution: LiveNode,
  norm: OnnxNode,
  constants: Map<string, OnnxTensor>,
): LiveNode | null {
  const [x = '', weightName = '', biasName = ''] = convolution.node.inputs;
  const weight = constants.get(weightName);
  const bias = biasName === '' ? null : (constants.get(biasName) ?? null);
  if (!weight || weight.shape.length !== 4 || (biasName !== '' && !bias)) return null;
  const [outputs = 0] = weight.shape;
  const known = new Map<string, Known>([
    [norm.inputs[0] ?? '', { shape: [1, outputs, 1, 1], kind: 'float', host: null }],
  ]);
  for (const name of norm.inputs.slice(1)) {
    const host = constants.get(name);
    if (host) known.set(name, { shape: host.shape, kind: host.kind, host });
  }
  let affine: ReturnType<typeof batchNormOf>;
  try {
    affine = batchNormOf(callOf(graph, norm, known, { actual: 1, declared: null }));
  } catch (cause) {
    if (cause instanceof OnnxProblem) return null;
    throw cause;
  }
  const per = weight.data.length / outputs;
  const values = Float32Array.from(
    weight.data,
    (value, i) => value * (affine.scale[Math.floor(i / per)] ?? 1),
  );
  const shift = Float32Array.from(
    affine.shift,
    (value, o) => value + (bias?.data[o] ?? 0) * (affine.scale[o] ?? 1),
  );
  const [newWeight, newBias] = [`${norm.outputs[0]} weight`, `${norm.outputs[0]} bias`];
  constants.set(newWeight, { kind: 'float', shape: weight.shape, data: values });
  constants.set(newBias, { kind: 'float', shape: [outputs], data: shift });
  return { ...convolution, node: { ...convolution.node, inputs: [x, newWeight, newBias] } };
}

function clip(name: string): string {
  return name.length > 80 ? `${name.slice(0, 77)}...` : name;
}
