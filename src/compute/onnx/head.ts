import type { OnnxNode } from '../../formats/models/onnx/onnxModel';
import { countOf } from './hostTensor';
import type { LiveGraph } from './graph';
import type { Known } from './types';

/** The end of a classifier. */
export interface Head {
  /** The value before probabilities are made of it. */
  readonly logits: string;
  /** What the last linear layer reads; the logits themselves where there is none. */
  readonly features: string;
  /** What makes probabilities of the logits, where the file does that. */
  readonly ending: 'Softmax' | 'LogSoftmax' | 'Sigmoid' | null;
}

/** Operators that only hand their first input on, in another shape. */
const HANDS_ON = ['Identity', 'Dropout', 'Flatten', 'Reshape', 'Squeeze', 'Unsqueeze', 'Cast'];
const LINEAR = ['Gemm', 'MatMul', 'Conv'];

/** Where logits and features are, from the graph's output backwards. @param known what is known for some shape of the input. */
export function findHead(graph: LiveGraph, known: ReadonlyMap<string, Known>): Head {
  const makers = new Map(
    graph.nodes.flatMap(({ node }) => node.outputs.map((name): [string, OnnxNode] => [name, node])),
  );
  let logits = graph.output;
  let ending: Head['ending'] = null;
  const last = makers.get(back(graph.output, makers));
  if (last && (last.opType === 'Softmax' || last.opType === 'LogSoftmax' || last.opType === 'Sigmoid')) {
    const [input = ''] = last.inputs;
    if (last.opType === 'Sigmoid' || overClasses(last, graph.opset, known.get(input)?.shape ?? [])) {
      logits = input;
      ending = last.opType;
    }
  }
  return { logits, ending, features: featuresOf(logits, makers, graph, known) };
}

/** The first value, backwards from `name`, that is made by more than a change of shape. */
function back(name: string, makers: ReadonlyMap<string, OnnxNode>): string {
  let at = name;
  for (let maker = makers.get(at); maker && HANDS_ON.includes(maker.opType); maker = makers.get(at))
    at = maker.inputs[0] ?? '';
  return at;
}

/** Whether a softmax is over all that there is of an image. */
function overClasses(node: OnnxNode, opset: number, shape: readonly number[]): boolean {
  const attribute = node.attributes.get('axis');
  const axis = attribute?.kind === 'int' ? attribute.value : opset < 13 ? 1 : -1;
  const at = axis < 0 ? axis + shape.length : axis;
  return opset < 13 ? at === 1 : shape.every((size, i) => i === 0 || i === at || size === 1);
}

function featuresOf(
  logits: string,
  makers: ReadonlyMap<string, OnnxNode>,
  graph: LiveGraph,
  known: ReadonlyMap<string, Known>,
): string {
  let at = back(logits, makers);
  let maker = makers.get(at);
  // MatMul and its bias are two nodes.
  if (maker?.opType === 'Add') {
    const computed = maker.inputs.filter(
      (name) => !graph.constants.has(name) && known.get(name)?.host === null,
    );
    if (computed.length === 1) {
      at = back(computed[0] ?? '', makers);
      maker = makers.get(at);
    }
  }
  if (!maker || !LINEAR.includes(maker.opType)) return logits;
  const [input = ''] = maker.inputs;
  const [batch, ...rest] = known.get(input)?.shape ?? [];
  // A convolution is a linear layer where one pixel is left.
  const linear = maker.opType !== 'Conv' || (rest.length === 3 && countOf(rest) === rest[0]);
  return linear && batch !== undefined && rest.length >= 1 ? input : logits;
}
