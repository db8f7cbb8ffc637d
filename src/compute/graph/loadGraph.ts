import { asStudioError, StudioError } from '../../protocol/errors';
import type { LayerSummary, ModelSummary } from '../../protocol/summaries';
import type { LayerGraph, LayerNode } from '../../formats/models/graph/layerGraph';
import { graphShapes, type GraphShapes } from '../../formats/models/graph/shapes';
import type { ModelFile, StateDict } from '../../formats/models/stateDict';
import type { FrozenClassifier } from '../nn/types';
import { buildGraphClassifier } from './graphClassifier';
import { planGraph } from './plan';

/** Names of the formats whose files describe their network themselves. */
const FORMATS: Readonly<Record<string, string>> = {
  'keras-h5': 'Keras',
  keras: 'Keras',
  'tfjs-layers': 'TensorFlow.js layers',
  'tfjs-graph': 'TensorFlow.js graph',
};
/** A first layer that shrinks its input this much takes bytes, not pixels in [0, 1]. */
const BYTE_SCALE = 1 / 64;

/** A classifier from a Keras or TensorFlow.js file; nothing of it is on the device yet. */
export interface LoadedGraph {
  readonly summary: ModelSummary;
  readonly classes: number;
  /** Puts it on the device, which has to be open; the caller disposes it. */
  build(): FrozenClassifier;
}

/**
 * Checks a file's graph and describes it. @param hash SHA-256 of the file, hex.
 * @throws StudioError `model/shape-mismatch`, `model/unknown-architecture`, `file/too-large` before anything runs.
 */
export function loadGraph(file: ModelFile, graph: LayerGraph, fileName: string, hash: string): LoadedGraph {
  const shapes = graphShapes(graph, file.state, fileName);
  const [height, width, channels] = shapes.inputShape;
  if (channels !== 3 && channels !== 1)
    throw new StudioError(
      'model/unknown-architecture',
      `${fileName} takes images of ${channels} channels; the studio feeds colour (3) or grey (1) ones.`,
      { subject: fileName },
    );
  const layers = layerRows(graph, shapes, file.state);
  const classes = Math.max(2, shapes.classes);
  const summary: ModelSummary = {
    ...common(file, fileName, hash),
    architecture: 'graph',
    architectureLabel: `${FORMATS[file.format] ?? file.format} model "${graph.name}", ${layers.length} layers`,
    parameters: layers.reduce((sum, { parameters }) => sum + parameters, 0),
    classes,
    inputShape: [height, width, 3],
    layers,
    verdict: 'can-be-defended',
    verdictReason: [
      `Can be defended: each of its ${layers.length} layers is supported, so gradients can be taken through it.`,
      ...notes(graph, file.state, shapes),
    ].join(' '),
  };
  return { summary, classes, build: () => buildGraphClassifier(graph, file.state, shapes) };
}

/** The model card of such a file, also where it cannot be run; never throws. */
export function describeGraphFile(
  file: ModelFile,
  graph: LayerGraph,
  fileName: string,
  hash: string,
): ModelSummary {
  try {
    return loadGraph(file, graph, fileName, hash).summary;
  } catch (thrown) {
    return {
      ...common(file, fileName, hash),
      architecture: null,
      architectureLabel: 'Network that cannot be run',
      parameters: [...file.state.values()].reduce((sum, { data }) => sum + data.length, 0),
      classes: null,
      inputShape: null,
      layers: [],
      verdict: 'unsupported',
      verdictReason: asStudioError(thrown).message,
    };
  }
}

function common(file: ModelFile, fileName: string, hash: string) {
  return {
    fileName,
    hash,
    format: file.format,
    tensors: file.state.size,
    opaqueObjects: file.opaque,
    metadata: file.metadata,
  };
}

function notes(graph: LayerGraph, state: StateDict, shapes: GraphShapes): string[] {
  const said: string[] = [];
  const { ending } = planGraph(graph, state, shapes);
  if (ending === 'softmax') said.push('Its softmax is taken off: the logits before it say the same.');
  if (ending === 'sigmoid') said.push('Its sigmoid is taken off: the logits before it are used.');
  if (shapes.classes === 1) said.push('Its one output becomes two classes.');
  if (graph.inputShape[0] === null || graph.inputShape[1] === null)
    said.push(
      `It leaves the image size open; the layers are listed for ${shapes.inputShape[0]} x ${shapes.inputShape[1]}.`,
    );
  if (shapes.inputShape[2] === 1) said.push('It takes grey images: the mean of the three channels.');
  const scale = graph.nodes.find(({ op }) => op.kind !== 'input' && op.kind !== 'identity')?.op;
  if (scale?.kind === 'affine' && scale.scale.every((one) => Math.abs(one) < BYTE_SCALE))
    said.push(
      'It scales pixels of 0 to 255 itself: set the mean to 0 and the standard deviation to 1/255 (0.003922).',
    );
  return said;
}

/** One row a layer of the file, in order; a layer's later steps (its activation) belong to its row. */
function layerRows(graph: LayerGraph, { shapes }: GraphShapes, state: StateDict): LayerSummary[] {
  const rows = new Map<string, LayerSummary>();
  graph.nodes.forEach((node, i) => {
    const { layer } = node;
    if (node.op.kind === 'input') return;
    const before = rows.get(layer)?.parameters ?? 0;
    const parameters = before + parametersOf(node, state);
    rows.set(layer, { name: layer, kind: node.type, outputShape: shapes[i] ?? [], parameters });
  });
  return [...rows.values()];
}

/** Learned numbers; a normalisation's running statistics are none. */
function parametersOf({ op }: LayerNode, state: StateDict): number {
  const names: (string | null)[] =
    op.kind === 'conv' || op.kind === 'depthwise' || op.kind === 'dense'
      ? [op.kernel, op.bias]
      : op.kind === 'batch-norm' || op.kind === 'layer-norm'
        ? [op.gamma, op.beta]
        : op.kind === 'prelu'
          ? [op.slope]
          : op.kind === 'with-constant'
            ? [op.constant]
            : [];
  return names.reduce((sum, name) => sum + (name === null ? 0 : (state.get(name)?.data.length ?? 0)), 0);
}
