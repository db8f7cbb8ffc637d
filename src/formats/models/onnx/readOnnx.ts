import { fromBinary } from '@bufbuild/protobuf';
import { StudioError } from '../../../protocol/errors';
import { type InputFile, readWhole } from '../../input';
import { readExternal } from './externalData';
import type { OnnxAttribute, OnnxKind, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from './onnxModel';
import {
  AttributeProto_AttributeType as Type,
  ModelProtoSchema,
  TensorProto_DataLocation,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from './onnx_pb';
import { MAX_DEPTH, scanWire, WireLimit } from './scanWire';
import { decodeTensor, kindOf, layoutOf, TensorProblem } from './tensorProto';

/** What a browser can hold in one buffer beside its decoded copy; protobuf itself ends at 2 GiB. */
const MAX_FILE_BYTES = 2 ** 30;
/** Decoded weights, those from other files included. */
const MAX_WEIGHT_BYTES = 2 ** 31;

/**
 * Reads an ONNX model as data: its graph and its constants.
 * @param beside files that came with it, for weights stored outside.
 * @throws StudioError `file/too-large`, `file/truncated` or `format/malformed` naming the file, `format/unsupported` for element types and
 * stores that are not read, and as `readExternal`.
 */
export async function readOnnx(file: InputFile, beside: readonly InputFile[] = []): Promise<OnnxModel> {
  if (file.blob.size > MAX_FILE_BYTES) {
    throw new StudioError(
      'file/too-large',
      `${file.path} is larger than 1 GiB, which is more than is read at once.`,
      {
        subject: file.path,
      },
    );
  }
  const proto = decode(file, await readWhole(file.blob));
  const { graph } = proto;
  if (!graph || graph.node.length === 0) throw malformed(file, 'it holds no graph');
  if (graph.sparseInitializer.length > 0)
    throw unsupported(file, 'it has sparse weights, which are not supported');
  const constants = await readConstants(file, graph, beside);
  const opset = proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version;
  if (opset === undefined) throw malformed(file, 'it names no operator set');
  return {
    opset: Number(opset),
    producer: [proto.producerName, proto.producerVersion]
      .filter((part) => part !== '')
      .join(' ')
      .slice(0, 100),
    nodes: graph.node.map((node, index) => readNode(file, node, index)),
    constants,
    inputs: graph.input.filter(({ name }) => !constants.has(name)).map((info) => readInfo(file, info)),
    outputs: graph.output.map((info) => readInfo(file, info)),
  };
}

function decode(file: InputFile, bytes: Uint8Array): ModelProto {
  try {
    scanWire(ModelProtoSchema, bytes);
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false, recursionLimit: MAX_DEPTH + 1 });
  } catch (cause) {
    if (cause instanceof WireLimit) throw malformed(file, cause.message, cause);
    // A length that leads past the end is what a cut-off download looks like.
    throw new StudioError(
      'file/truncated',
      `${file.path} is cut off or damaged: its parts do not fit together.`,
      {
        subject: file.path,
        cause,
      },
    );
  }
}

async function readConstants(
  file: InputFile,
  graph: GraphProto,
  beside: readonly InputFile[],
): Promise<ReadonlyMap<string, OnnxTensor>> {
  const constants = new Map<string, OnnxTensor>();
  let total = 0;
  for (const tensor of graph.initializer) {
    const { bytes, count } = told(file, tensor, () => layoutOf(tensor));
    total += 4 * count;
    if (total > MAX_WEIGHT_BYTES) {
      throw new StudioError('file/too-large', `${file.path} holds more than 2 GiB of weights.`, {
        subject: file.path,
      });
    }
    const outside = tensor.dataLocation === TensorProto_DataLocation.EXTERNAL;
    const external = outside ? await readExternal(file, tensor, bytes, beside) : null;
    constants.set(
      tensor.name,
      told(file, tensor, () => decodeTensor(tensor, external)),
    );
  }
  return constants;
}

/** What `read` finds wrong with a tensor, as the file's error. */
function told<T>(file: InputFile, tensor: TensorProto, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof TensorProblem)) throw cause;
    const sentence = `tensor ${clip(tensor.name)} ${cause.message}`;
    throw cause.unsupported ? unsupported(file, sentence) : malformed(file, sentence, cause);
  }
}

function readNode(file: InputFile, node: NodeProto, index: number): OnnxNode {
  const name = [node.name, ...node.output, `${node.opType} ${index}`].find((text) => text !== '') ?? '';
  return {
    name: clip(name),
    opType: clip(node.opType),
    domain: node.domain === 'ai.onnx' ? '' : clip(node.domain),
    inputs: node.input,
    outputs: node.output,
    attributes: new Map(node.attribute.map((attribute) => [attribute.name, readAttribute(file, attribute)])),
  };
}

function readAttribute(file: InputFile, attribute: AttributeProto): OnnxAttribute {
  const { f, i, s, t, floats, ints, strings } = attribute;
  switch (typeOf(attribute)) {
    case Type.FLOAT:
      return { kind: 'float', value: f };
    case Type.INT:
      return { kind: 'int', value: Number(i) };
    case Type.STRING:
      return { kind: 'string', value: text(s) };
    case Type.TENSOR: {
      if (!t) return { kind: 'other', value: null };
      if (t.dataLocation === TensorProto_DataLocation.EXTERNAL)
        throw unsupported(file, `tensor ${clip(t.name)} of a node is stored outside, which is not supported`);
      return { kind: 'tensor', value: told(file, t, () => decodeTensor(t, null)) };
    }
    case Type.FLOATS:
      return { kind: 'floats', value: floats };
    case Type.INTS:
      return { kind: 'ints', value: ints.map(Number) };
    case Type.STRINGS:
      return { kind: 'strings', value: strings.map(text) };
    default:
      return { kind: 'other', value: null };
  }
}

/** Files of the first ONNX versions leave the type out. */
function typeOf({ type, t, floats, ints, strings, s, i, f }: AttributeProto): Type {
  if (type !== Type.UNDEFINED) return type;
  if (t) return Type.TENSOR;
  if (floats.length > 0) return Type.FLOATS;
  if (ints.length > 0) return Type.INTS;
  if (strings.length > 0) return Type.STRINGS;
  if (s.length > 0) return Type.STRING;
  return f !== 0 || i === 0n ? Type.FLOAT : Type.INT;
}

function readInfo(file: InputFile, { name, type }: ValueInfoProto): OnnxValueInfo {
  if (type?.value.case !== 'tensorType') throw unsupported(file, `its value ${clip(name)} is not a tensor`);
  const { elemType, shape } = type.value.value;
  const kind: OnnxKind | null = kindOf(elemType);
  if (kind === null) throw unsupported(file, `its value ${clip(name)} is of an unsupported element type`);
  const sizes = shape?.dim.map(({ value }): number | string | null => {
    if (value.case === 'dimParam') return value.value === '' ? null : clip(value.value);
    const size = value.case === 'dimValue' ? Number(value.value) : 0;
    // Zero and minus one are other ways to say "any".
    return size > 0 ? size : null;
  });
  if (sizes?.some((size) => typeof size === 'number' && size > 2 ** 24))
    throw malformed(file, `the shape of ${clip(name)} is impossibly large`);
  return { name, kind, shape: sizes ?? null };
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 1000));
}

function clip(name: string): string {
  return name.length > 80 ? `${name.slice(0, 77)}...` : name;
}

function malformed(file: InputFile, reason: string, cause?: unknown): StudioError {
  return new StudioError('format/malformed', `${file.path} is damaged: ${reason}.`, {
    subject: file.path,
    cause,
  });
}

function unsupported(file: InputFile, reason: string): StudioError {
  return new StudioError('format/unsupported', `${file.path} cannot be read: ${reason}.`, {
    subject: file.path,
  });
}
