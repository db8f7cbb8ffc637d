import type { GraphBuilder } from '../graph/graphBuilder';
import type { StateTensor } from '../stateDict';
import { asList, asObject, asText, type Json, type JsonObject } from '../keras/json';
import { Attributes } from './attributes';
import { NODE_OPS, type NodeCall, type Operand } from './graphOps';

interface TensorFlowNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly attributes: Attributes;
}

/**
 * Adds a frozen TensorFlow graph (`modelTopology.node`) to the builder.
 *
 * @param constants the weights, by the names of their `Const` nodes. @param signature names inputs and outputs, where there is one.
 * @returns the output's node.
 * @throws StudioError `format/unsupported` naming an operation that is not known, before anything runs; `format/malformed`.
 */
export function addGraph(
  builder: GraphBuilder,
  topology: JsonObject,
  constants: ReadonlyMap<string, StateTensor>,
  signature: JsonObject | null,
): number {
  const nodes = new Map<string, TensorFlowNode>();
  for (const entry of asList(topology['node']) ?? []) {
    const node = parseNode(builder, entry);
    nodes.set(node.name, node);
  }
  requireKnown(builder, nodes);
  return new GraphTaker(builder, nodes, constants).take(outputName(builder, nodes, signature));
}

function parseNode(builder: GraphBuilder, entry: Json): TensorFlowNode {
  const object = asObject(entry);
  const name = asText(object?.['name']);
  const op = asText(object?.['op']);
  if (name === null || op === null) throw builder.malformed('lists a node without a name or an operation');
  const inputs = (asList(object?.['input']) ?? []).flatMap((input) => asText(input) ?? []);
  return {
    name,
    op,
    // A caret marks an order of execution, which a pure graph does not need.
    inputs: inputs.filter((input) => !input.startsWith('^')).map(withoutPort),
    attributes: new Attributes(asObject(object?.['attr']) ?? {}),
  };
}

/** `name:0` as `name`; another output of a node stays as it is, and so is found nowhere. */
function withoutPort(input: string): string {
  return input.replace(/:0$/, '');
}

const GIVEN = new Set(['Placeholder', 'Const', 'NoOp']);

function requireKnown(builder: GraphBuilder, nodes: ReadonlyMap<string, TensorFlowNode>): void {
  for (const { name, op } of nodes.values())
    if (!GIVEN.has(op) && !Object.hasOwn(NODE_OPS, op))
      throw builder.unsupported(`uses the operation ${op} (node ${name}), which is not supported`);
}

function outputName(
  builder: GraphBuilder,
  nodes: ReadonlyMap<string, TensorFlowNode>,
  signature: JsonObject | null,
): string {
  const [named] = Object.values(asObject(signature?.['outputs']) ?? {});
  const name = asText(asObject(named)?.['name']);
  if (name !== null && nodes.has(withoutPort(name))) return withoutPort(name);
  const used = new Set([...nodes.values()].flatMap(({ inputs }) => inputs));
  const ends = [...nodes.values()].filter(({ name: end, op }) => !used.has(end) && !GIVEN.has(op));
  const [end] = ends;
  if (end === undefined || ends.length !== 1)
    throw builder.malformed(`has ${ends.length} outputs and names none`);
  return end.name;
}

/** Takes nodes over as something asks for them, without recursion. */
class GraphTaker {
  private readonly done = new Map<string, Operand>();
  private readonly open = new Set<string>();

  constructor(
    private readonly builder: GraphBuilder,
    private readonly nodes: ReadonlyMap<string, TensorFlowNode>,
    private readonly constants: ReadonlyMap<string, StateTensor>,
  ) {}

  take(target: string): number {
    const stack = [target];
    for (let name = stack.at(-1); name !== undefined; name = stack.at(-1)) {
      if (this.done.has(name)) {
        stack.pop();
        continue;
      }
      const node = this.nodes.get(name);
      if (node === undefined) throw this.builder.malformed(`uses a node ${name} that it does not have`);
      const missing = node.inputs.filter((input) => !this.done.has(input));
      if (missing.length === 0) {
        this.done.set(name, this.operand(node));
        this.open.delete(name);
        stack.pop();
        continue;
      }
      const circle = this.open.has(name) || missing.some((input) => this.open.has(input));
      if (circle) throw this.builder.malformed(`connects the node ${name} in a circle`);
      this.open.add(name);
      for (const input of missing) stack.push(input);
    }
    const output = this.done.get(target);
    if (output?.kind !== 'step') throw this.builder.malformed('computes nothing: its output is a constant');
    return output.index;
  }

  private operand(node: TensorFlowNode): Operand {
    const { builder } = this;
    const { name, op, attributes } = node;
    if (op === 'Const') return this.constant(name);
    if (op === 'Placeholder') {
      const [, ...sides] = attributes.shape('shape') ?? [];
      return {
        kind: 'step',
        index: builder.addInput(
          name,
          sides.map((side) => (side > 0 ? side : null)),
        ),
      };
    }
    const operands = node.inputs.flatMap((input) => this.done.get(input) ?? []);
    const [first] = operands;
    if (op === 'Identity' && first?.kind === 'constant') return first;
    const make = Object.hasOwn(NODE_OPS, op) ? NODE_OPS[op] : undefined;
    if (make === undefined)
      throw builder.unsupported(`uses the operation ${op} (node ${name}), which is not supported`);
    const call: NodeCall = { builder, name, op, attributes, operands };
    return { kind: 'step', index: make(call) };
  }

  private constant(name: string): Operand {
    const tensor = this.constants.get(name);
    if (tensor === undefined) throw this.builder.malformed(`has no weights for the constant ${name}`);
    return { kind: 'constant', name, tensor };
  }
}
