import { asStudioError } from '../protocol/errors';
import type { ModelSummary } from '../protocol/summaries';
import type { ModelFile, StateDict } from '../formats/models/stateDict';
import type { OnnxModel } from '../formats/models/onnx/onnxModel';
import { describeGraphFile } from './graph/loadGraph';
import { explainUnknown, familyOf, recogniseNetwork } from './nn/registry';
import { traceNetwork } from './nn/trace';
import { compileOnnx, type OnnxClassifier } from './onnx/compileOnnx';

const BUFFER = /(^|\.)(running_mean|running_var|num_batches_tracked)$/;

/** Numbers in a state_dict that are not batch-norm's buffers: learned ones, as far as names tell. */
function countNumbers(state: StateDict): number {
  let count = 0;
  for (const [name, tensor] of state) if (!BUFFER.test(name)) count += tensor.data.length;
  return count;
}

/**
 * The model card of a file that was read: what it is, its layers, and whether it can be defended. Never throws for a
 * file of an unknown kind; the card then says in `verdictReason` why it is unsupported.
 *
 * @param hash SHA-256 of the file, hex.
 */
export function describeModel(file: ModelFile, fileName: string, hash: string): ModelSummary {
  const common = {
    fileName,
    hash,
    format: file.format,
    tensors: file.state.size,
    opaqueObjects: file.opaque,
    metadata: file.metadata,
  };
  if (file.onnx) return describeOnnx(file, file.onnx, fileName, hash);
  if (file.graph) return describeGraphFile(file, file.graph, fileName, hash);
  const bound = recogniseNetwork(file.state);
  if (bound === null) {
    return {
      ...common,
      architecture: null,
      architectureLabel: 'Unknown architecture',
      parameters: countNumbers(file.state),
      classes: null,
      inputShape: null,
      layers: [],
      verdict: 'unsupported',
      verdictReason: explainUnknown(file.state, fileName).message,
    };
  }
  const trace = traceNetwork(bound);
  const isTransform = familyOf(bound)?.role === 'transform';
  return {
    ...common,
    architecture: bound.id,
    architectureLabel: bound.label,
    parameters: trace.parameters,
    classes: bound.classes,
    inputShape: bound.inputShape,
    layers: trace.layers,
    verdict: isTransform ? 'can-only-be-evaluated' : 'can-be-defended',
    verdictReason: isTransform
      ? `This is a REFINE transform (${bound.label}), not a classifier: with its label map and the classifier it was trained for it can be evaluated, and a new transform can start from it.`
      : `Can be defended: its ${file.state.size} tensors are exactly those of a ${bound.label}, so gradients can be taken through it.`,
  };
}

/** The model card of a classifier that came as a graph. @param hash SHA-256 of the file, hex. */
export function describeGraph(
  file: ModelFile,
  graph: OnnxClassifier,
  fileName: string,
  hash: string,
): ModelSummary {
  const size = graph.inputShape === null ? '' : ' at the size it was written for';
  return {
    fileName,
    hash,
    format: file.format,
    tensors: file.state.size,
    opaqueObjects: file.opaque,
    metadata: file.metadata,
    architecture: 'graph',
    architectureLabel: `ONNX graph of ${graph.layers.length} operations`,
    parameters: graph.parameters,
    classes: graph.classes,
    inputShape: graph.inputShape,
    layers: graph.layers,
    verdict: 'can-be-defended',
    verdictReason: [
      `Can be defended: each of its ${graph.layers.length} operations is supported${size}, so gradients can be taken through it.`,
      ...graph.notes,
    ].join(' '),
  };
}

function describeOnnx(file: ModelFile, model: OnnxModel, fileName: string, hash: string): ModelSummary {
  try {
    return describeGraph(file, compileOnnx(model, fileName), fileName, hash);
  } catch (thrown) {
    return {
      fileName,
      hash,
      format: file.format,
      tensors: file.state.size,
      opaqueObjects: file.opaque,
      metadata: file.metadata,
      architecture: null,
      architectureLabel: 'ONNX graph that cannot be run',
      parameters: countNumbers(file.state),
      classes: null,
      inputShape: null,
      layers: [],
      verdict: 'unsupported',
      verdictReason: asStudioError(thrown).message,
    };
  }
}
