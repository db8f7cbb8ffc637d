import type { OnnxModel, OnnxTensor, OnnxValueInfo } from '../../formats/models/onnx/onnxModel';
import { StudioError } from '../../protocol/errors';
import type { LayerSummary } from '../../protocol/summaries';
import type { FrozenClassifier } from '../nn/types';
import { countOf } from './hostTensor';
import { foldConstants, GraphProblem, inferGraph, liveGraph, type LiveGraph } from './graph';
import { findHead, type Head } from './head';
import { inputShapeOf, OnnxNetwork, type ImageInput } from './network';
import type { Known } from './types';

/** A classifier that came as an ONNX graph, checked as a whole; nothing of it is on the device yet. */
export interface OnnxClassifier {
  readonly classes: number;
  /** [height, width, channels]; null where it takes images of any size. */
  readonly inputShape: readonly number[] | null;
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  /** Whole sentences on how it is used. */
  readonly notes: readonly string[];
  /** Puts it on the device; the caller disposes it. */
  build(): FrozenClassifier;
}

/** Sides that are tried where the file leaves the size open. */
const SIDES = [224, 32, 64, 28, 96, 299];

/**
 * Checks that a graph is a classifier of images which the studio can run and differentiate.
 * @throws StudioError `format/unsupported` naming the file, and the node and operator where there is one.
 */
export function compileOnnx(model: OnnxModel, fileName: string): OnnxClassifier {
  try {
    return compile(model, fileName);
  } catch (cause) {
    if (cause instanceof GraphProblem) throw errorOf(fileName, cause);
    throw cause;
  }
}

function errorOf(fileName: string, { message }: GraphProblem): StudioError {
  return new StudioError('format/unsupported', `${fileName} ${message}.`, { subject: fileName });
}

function compile(model: OnnxModel, fileName: string): OnnxClassifier {
  const info = imageInput(model);
  const input = readInput(info);
  const { graph, known, logits } = chooseOutput(model, info, input);
  const classes = countOf(logits.shape.slice(1));
  const head = findHead(graph, known);
  const live = liveGraph(model, info, head.logits);
  const folded = foldConstants(live);
  const { height, width } = input;
  return {
    classes,
    inputShape: height === null || width === null ? null : [height, width, input.channels],
    layers: layersOf(graph, known),
    parameters: parametersOf(graph, known),
    notes: notesOf(input, head),
    build: () => new OnnxNetwork(classes, folded, head, input, (problem) => errorOf(fileName, problem)),
  };
}

function imageInput({ inputs }: OnnxModel): OnnxValueInfo {
  const images = inputs.filter(({ shape }) => shape === null || shape.length === 4);
  const [first] = images;
  if (first) return first;
  const [other] = inputs;
  throw new GraphProblem(
    other
      ? `takes inputs of shape [${other.shape?.map((size) => size ?? 'any').join(', ') ?? ''}], not images (rank 4)`
      : 'takes no input',
  );
}

function readInput({ shape }: OnnxValueInfo): ImageInput {
  const [batch = null, a = null, b = null, c = null] = (shape ?? []).map((size) =>
    typeof size === 'number' ? size : null,
  );
  const isColour = (size: number | null): size is 1 | 3 => size === 1 || size === 3;
  const channelsLast = !isColour(a) && isColour(c);
  const channels = channelsLast ? c : a;
  if (channels !== null && !isColour(channels))
    throw new GraphProblem(`takes images of ${channels} channels, not of 1 or 3`);
  const [height, width] = channelsLast ? [a, b] : [b, c];
  if (Math.max(height ?? 0, width ?? 0) > 4096)
    throw new GraphProblem(`takes images of ${height} by ${width} pixels`);
  return {
    batch: batch !== null && batch > 4096 ? null : batch,
    height,
    width,
    channels: channels ?? 3,
    channelsLast,
  };
}

interface Chosen {
  readonly graph: LiveGraph;
  readonly known: ReadonlyMap<string, Known>;
  readonly logits: Known;
}

/** The first output that gives scores of classes. What the others say only matters where there is none. */
function chooseOutput(model: OnnxModel, info: OnnxValueInfo, input: ImageInput): Chosen {
  let first: GraphProblem | null = null;
  for (const output of model.outputs) {
    try {
      if (output.kind !== 'float') throw new GraphProblem(`gives ${output.name}, which are no scores`);
      return inferOutput(liveGraph(model, info, output.name), input);
    } catch (cause) {
      if (!(cause instanceof GraphProblem)) throw cause;
      first ??= cause;
    }
  }
  throw first ?? new GraphProblem('has no output');
}

function inferOutput(graph: LiveGraph, input: ImageInput): Chosen {
  const batch = input.batch ?? 1;
  let first: GraphProblem | null = null;
  const open = input.height === null || input.width === null;
  for (const side of open ? SIDES : [0]) {
    try {
      const shape = inputShapeOf(input, batch, input.height ?? side, input.width ?? side);
      const known = inferGraph(graph, shape, { actual: batch, declared: input.batch });
      const logits = known.get(graph.output);
      const [images, ...rest] = logits?.shape ?? [];
      const wide = rest.filter((size) => size !== 1);
      if (!logits || images !== batch || rest.length === 0 || wide.length !== 1 || logits.host)
        throw new GraphProblem(
          `gives [${logits?.shape.join(', ') ?? ''}], not one score for each of two or more classes`,
        );
      return { graph, known, logits };
    } catch (cause) {
      if (!(cause instanceof GraphProblem)) throw cause;
      first ??= cause;
    }
  }
  throw first ?? new GraphProblem('could not be followed');
}

/** Shapes without the batch; of images as height, width, channels, as everywhere on the page. */
function layersOf({ nodes, constants }: LiveGraph, known: ReadonlyMap<string, Known>): LayerSummary[] {
  const counted = new Set<string>();
  return nodes.flatMap(({ node }): LayerSummary[] => {
    const output = known.get(node.outputs[0] ?? '');
    if (!output || output.host) return [];
    const [, ...rest] = output.shape;
    const [c = 1, h = 1, w = 1] = rest;
    const parameters = learned(node.opType, node.inputs)
      .filter((name) => !counted.has(name))
      .reduce((sum, name) => sum + sizeOf(constants.get(name) ?? known.get(name)?.host), 0);
    for (const name of node.inputs) counted.add(name);
    return [
      { name: node.name, kind: node.opType, outputShape: rest.length === 3 ? [h, w, c] : rest, parameters },
    ];
  });
}

/** Inputs that training changes: batch-norm's statistics are measured, and indices and sizes are no weights. */
function learned(opType: string, inputs: readonly string[]): readonly string[] {
  return opType === 'BatchNormalization' ? inputs.slice(1, 3) : inputs;
}

/** Numbers of a float tensor; single ones are constants of a formula. */
function sizeOf(tensor: OnnxTensor | null | undefined): number {
  return tensor?.kind === 'float' && tensor.data.length > 1 ? tensor.data.length : 0;
}

function parametersOf(graph: LiveGraph, known: ReadonlyMap<string, Known>): number {
  return layersOf(graph, known).reduce((sum, { parameters }) => sum + parameters, 0);
}

function notesOf({ batch, channels, channelsLast }: ImageInput, { ending }: Head): string[] {
  const notes: string[] = [];
  if (ending === 'Softmax' || ending === 'LogSoftmax')
    notes.push(`It ends in a ${ending}, which is left out: logits are what goes into it.`);
  if (ending === 'Sigmoid')
    notes.push('It ends in a sigmoid for each class; the scores before it are taken as logits.');
  if (channels === 1) notes.push('It takes one channel: the mean of the three is given to it.');
  if (channelsLast) notes.push('It takes images with channels last.');
  if (batch !== null && batch > 1) notes.push(`It was written for ${batch} images at a time.`);
  return notes;
}
