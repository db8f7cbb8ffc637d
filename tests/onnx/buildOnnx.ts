import { create, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as A,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from '../../src/formats/models/onnx/onnx_pb';

export type Attribute = number | string | readonly number[] | TensorProto | { readonly float: number };

/** A node: operator, inputs, outputs, attributes. */
export function node(
  opType: string,
  input: string[],
  output: string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): NodeProto {
  const attribute = Object.entries(attributes).map(([name, value]) => attributeOf(name, value));
  return create(NodeProtoSchema, {
    opType,
    input,
    output,
    attribute,
    name: `${opType} of ${output[0] ?? ''}`,
  });
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'string')
    return create(AttributeProtoSchema, { name, type: A.STRING, s: new TextEncoder().encode(value) });
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? create(AttributeProtoSchema, { name, type: A.INT, i: BigInt(value) })
      : create(AttributeProtoSchema, { name, type: A.FLOAT, f: value });
  if (Array.isArray(value)) {
    const list = value as readonly number[];
    return list.every(Number.isInteger)
      ? create(AttributeProtoSchema, { name, type: A.INTS, ints: list.map(BigInt) })
      : create(AttributeProtoSchema, { name, type: A.FLOATS, floats: [...list] });
  }
  if ('float' in (value as { float?: number }))
    return create(AttributeProtoSchema, { name, type: A.FLOAT, f: (value as { float: number }).float });
  return create(AttributeProtoSchema, { name, type: A.TENSOR, t: value as TensorProto });
}

/** Float constants; values are drawn from a fixed sequence where none are given. */
export function floats(name: string, dims: readonly number[], values?: readonly number[]): TensorProto {
  const count = dims.reduce((product, size) => product * size, 1);
  const floatData = values ?? Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + name.length) * 0.6);
  return create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: 1, floatData: [...floatData] });
}

/** int64 constants of rank 1, or of rank 0. */
export function ints(name: string, values: readonly number[], scalar = false): TensorProto {
  const dims = scalar ? [] : [BigInt(values.length)];
  return create(TensorProtoSchema, { name, dims, dataType: 7, int64Data: values.map(BigInt) });
}

function info(name: string, shape: readonly (number | string)[]): ValueInfoProto {
  const dim = shape.map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : { case: 'dimParam', value: size },
    }),
  );
  const value = create(TypeProto_TensorSchema, {
    elemType: 1,
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: 'tensorType', value } }),
  });
}

/** What a test's graph is made of. */
export interface GraphParts {
  readonly opset?: number;
  readonly nodes: readonly NodeProto[];
  readonly constants?: readonly TensorProto[];
  readonly input?: readonly (number | string)[];
  readonly output?: readonly (number | string)[];
}

/** The file's bytes: input `x`, output `y`. */
export function buildOnnx({
  opset = 13,
  nodes,
  constants = [],
  input,
  output,
}: GraphParts): Uint8Array<ArrayBuffer> {
  const model = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'test',
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: '', version: BigInt(opset) })],
    graph: create(GraphProtoSchema, {
      name: 'graph',
      node: [...nodes],
      initializer: [...constants],
      input: [info('x', input ?? ['N', 3, 8, 8])],
      output: [info('y', output ?? ['N', 'K'])],
    }),
  });
  return Uint8Array.from(toBinary(ModelProtoSchema, model));
}
