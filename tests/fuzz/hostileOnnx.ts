import { buildOnnx, floats, ints, node } from '../onnx/buildOnnx';
import { MIB, type NamedBytes, one } from './files';
import type { HostileFiles } from './fuzzedParser';

/** A graph of these nodes over an image `x`, with `y` as its output. */
const onnx = (...built: Parameters<typeof buildOnnx>): NamedBytes[] => one('evil.onnx', buildOnnx(...built));
const RELU = node('Relu', ['x'], ['y']);
const withDims = (dims: bigint[]) => {
  const tensor = floats('w', [1], [1]);
  tensor.dims = dims;
  return tensor;
};
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];

function nestedGraphs(depth: number): Uint8Array {
  let inner: number[] = [];
  for (let i = 0; i < depth; i++)
    inner = [[0x0a, 0x2a, 0x32][i % 3] ?? 0x0a, ...varint(inner.length), ...inner];
  return Uint8Array.from([0x08, 8, 0x3a, ...varint(inner.length), ...inner]);
}

/** ONNX graphs. */
export const HOSTILE_ONNX: readonly HostileFiles[] = [
  {
    what: 'nodes in a circle',
    make: () => onnx({ nodes: [node('Add', ['x', 'y'], ['a']), node('Relu', ['a'], ['y'])] }),
  },
  ...[[2n ** 40n], [2n ** 63n - 1n], [-1n], [-(2n ** 63n)], [2n ** 40n, 2n ** 40n, 0n]].map(
    (dims): HostileFiles => ({
      what: `a constant of shape [${dims.join(', ')}]`,
      make: () => onnx({ nodes: [RELU], constants: [withDims(dims)] }),
    }),
  ),
  { what: 'messages nested two thousand deep', make: () => one('evil.onnx', nestedGraphs(2000)) },
  {
    what: 'two million empty nodes',
    make: () =>
      one(
        'evil.onnx',
        Uint8Array.from([
          0x08,
          8,
          0x3a,
          ...varint(4 * MIB),
          ...new Uint8Array(4 * MIB).map((_, i) => (i % 2 === 0 ? 0x0a : 0)),
        ]),
      ),
  },
  {
    what: 'forty constants of sixteen million numbers, made by nodes',
    make: () =>
      onnx({
        nodes: [
          ...Array.from({ length: 40 }, (_, i) => node('ConstantOfShape', ['s'], [`c${i}`])),
          node('Sum', ['x', ...Array.from({ length: 40 }, (_, i) => `c${i}`)], ['y']),
        ],
        constants: [ints('s', [1, 3, 2048, 2048])],
      }),
  },
  {
    what: 'a tensor repeated to 2^40 numbers',
    make: () =>
      onnx({
        nodes: [node('Expand', ['w', 's'], ['e']), node('Add', ['x', 'e'], ['y'])],
        constants: [floats('w', [1], [1]), ints('s', [2 ** 20, 2 ** 20])],
      }),
  },
  {
    what: 'a range of 2^53 numbers',
    make: () =>
      onnx({
        nodes: [node('Range', ['a', 'b', 'c'], ['r']), node('Add', ['x', 'r'], ['y'])],
        constants: [ints('a', []), ints('b', []), ints('c', [])].map((t, i) => ({
          ...t,
          dims: [],
          int64Data: [[0n, 2n ** 53n, 1n][i] ?? 0n],
        })),
      }),
  },
];
