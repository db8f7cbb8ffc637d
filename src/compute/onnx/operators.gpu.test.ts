import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOnnx, floats, ints, node, type GraphParts } from '../../../tests/onnx/buildOnnx';
import { relativeDistance } from '../../../tests/setup/distance';
import { inputFile } from '../../../tests/setup/inputFile';
import { readOnnx } from '../../formats/models/onnx/readOnnx';
import { openDevice, type OpenDevice } from '../device/device';
import { tf } from '../tf';
import { compileOnnx } from './compileOnnx';

// Operators one by one against onnxruntime: scores, and the gradient against differences of onnxruntime's scores.
const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;
const [BATCH, SIDE] = [2, 8];

let device: OpenDevice;

beforeAll(async () => {
  device = await openDevice();
});

afterAll(() => device.close());

/** `nodes` make `m` of `x`; it is flattened and weighed into five scores that depend on all of it. */
function scored(
  m: readonly number[],
  nodes: GraphParts['nodes'],
  parts: Omit<GraphParts, 'nodes'> = {},
): GraphParts {
  const size = m.reduce((product, one) => product * one, 1);
  return {
    ...parts,
    nodes: [...nodes, node('Flatten', ['m'], ['flat']), node('MatMul', ['flat', 'readout'], ['y'])],
    constants: [...(parts.constants ?? []), floats('readout', [size, 5])],
  };
}

const unary = (op: string, attributes = {}, opset = 13): GraphParts =>
  scored([3, 8, 8], [node(op, ['x'], ['m'], attributes)], { opset });
/** After |x| + 0.5, for what wants positive numbers. */
const positive = (op: string): GraphParts =>
  scored([3, 8, 8], [node('Abs', ['x'], ['a']), node('Add', ['a', 'half'], ['b']), node(op, ['b'], ['m'])], {
    constants: [floats('half', [], [0.5])],
  });
const conv = (w: readonly number[], out: readonly number[], attributes = {}): GraphParts =>
  scored(out, [node('Conv', ['x', 'w', 'b'], ['m'], attributes)], {
    constants: [floats('w', w), floats('b', [w[0]!])],
  });
const pool = (op: string, out: readonly number[], attributes: object): GraphParts =>
  scored(out, [node(op, ['x'], ['m'], { kernel_shape: [3, 3], ...attributes })], { opset: 12 });
const resize = (out: readonly number[], attributes: object, scales = [1, 1, 1.5, 2]): GraphParts =>
  scored(out, [node('Resize', ['x', '', 'scales'], ['m'], { ...attributes })], {
    constants: [floats('scales', [4], scales)],
  });
const reshaped = (
  shape: readonly number[],
  nodes: GraphParts['nodes'],
  out: readonly number[],
  more: GraphParts['constants'] = [],
): GraphParts =>
  scored(out, [node('Reshape', ['x', 'shape'], ['r']), ...nodes], {
    constants: [ints('shape', shape), ...more],
  });

const CASES: Readonly<Record<string, GraphParts>> = {
  'Conv, uneven kernel and pads': conv([4, 3, 3, 5], [4, 8, 7], { pads: [2, 1, 0, 2] }),
  'Conv, strides 2 and 1': conv([4, 3, 3, 3], [4, 4, 8], { pads: [1, 1, 1, 1], strides: [2, 1] }),
  'Conv, stride 3': conv([4, 3, 3, 3], [4, 2, 2], { strides: [3, 3] }),
  'Conv, dilated': conv([4, 3, 3, 3], [4, 6, 6], { pads: [1, 1, 1, 1], dilations: [2, 2] }),
  'Conv, SAME_UPPER': conv([4, 3, 3, 3], [4, 4, 4], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
  'Conv, SAME_LOWER': conv([4, 3, 4, 4], [4, 8, 8], { auto_pad: 'SAME_LOWER' }),
  'Conv, depthwise, stride 2': conv([3, 1, 3, 3], [3, 4, 4], { group: 3, pads: [1, 1, 1, 1], strides: [2, 2] }),
  'Conv, depthwise, twice as many': conv([6, 1, 3, 3], [6, 8, 8], { group: 3, pads: [1, 1, 1, 1] }),
  'MaxPool, ceil mode': pool('MaxPool', [3, 4, 4], { strides: [2, 2], ceil_mode: 1 }),
  'MaxPool, uneven pads': pool('MaxPool', [3, 4, 4], { strides: [2, 2], pads: [0, 0, 1, 1] }),
  'AveragePool, pads left out': pool('AveragePool', [3, 8, 8], { pads: [1, 1, 1, 1] }),
  'AveragePool, pads counted': pool('AveragePool', [3, 4, 4], { pads: [1, 1, 1, 1], strides: [2, 2], count_include_pad: 1 }),
  'AveragePool, ceil mode': pool('AveragePool', [3, 4, 4], { strides: [2, 2], ceil_mode: 1 }),
  // No two that are nearly the largest: the difference would step over the kink.
  GlobalMaxPool: scored([3], [node('Add', ['x', 'w'], ['a']), node('GlobalMaxPool', ['a'], ['m'])], {
    constants: [floats('w', [8, 8], Array.from({ length: 64 }, (_, i) => 0.7 * ((i * 37) % 64)))],
  }),
  ...Object.fromEntries(
    ['Relu', 'LeakyRelu', 'Elu', 'Selu', 'Sigmoid', 'HardSigmoid', 'Tanh', 'Softplus', 'Softsign', 'Erf', 'Exp', 'Neg', 'Abs', 'Sin'].map(
      (op) => [op, unary(op)],
    ),
  ),
  HardSwish: unary('HardSwish', {}, 14),
  'Elu, alpha': unary('Elu', { alpha: 0.3 }),
  Celu: unary('Celu', { alpha: { float: 2 } }),
  ...Object.fromEntries(['Sqrt', 'Log', 'Reciprocal'].map((op) => [op, positive(op)])),
  'Clip, 11': scored([3, 8, 8], [node('Clip', ['x', 'low', 'high'], ['m'])], {
    constants: [floats('low', [], [-0.4]), floats('high', [], [0.9])],
  }),
  'Clip, 9, below only': unary('Clip', { min: { float: -0.2 } }, 9),
  'PRelu': scored([3, 8, 8], [node('PRelu', ['x', 'slope'], ['m'])], { constants: [floats('slope', [3, 1, 1])] }),
  'Pow 3': scored([3, 8, 8], [node('Pow', ['x', 'e'], ['m'])], { constants: [floats('e', [], [3])] }),
  'Where and Greater': scored(
    [3, 8, 8],
    [node('Greater', ['x', 'c'], ['g']), node('Exp', ['x'], ['e']), node('Where', ['g', 'x', 'e'], ['m'])],
    { constants: [floats('c', [1], [0.3])] },
  ),
  'Max and Min': scored([3, 8, 8], [node('Max', ['x', 'c'], ['a']), node('Min', ['a', 'x', 'd'], ['m'])], {
    constants: [floats('c', [3, 1, 1]), floats('d', [8], [9, 9, 9, 0.1, 9, 9, 9, 9])],
  }),
  'Conv, then added to a row and a channel': scored(
    [3, 8, 8],
    [node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }), node('Mul', ['c', 'row'], ['d']), node('Add', ['d', 'x'], ['m'])],
    { constants: [floats('w', [3, 3, 3, 3]), floats('row', [8])] },
  ),
  'residual': scored(
    [3, 8, 8],
    [node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }), node('Relu', ['c'], ['r']), node('Conv', ['r', 'w'], ['d'], { pads: [1, 1, 1, 1] }), node('Add', ['r', 'd'], ['e']), node('Relu', ['e'], ['m'])],
    { constants: [floats('w', [3, 3, 3, 3])] },
  ),
  'BatchNormalization after Conv': scored(
    [4, 6, 6],
    [node('Conv', ['x', 'w'], ['c']), node('BatchNormalization', ['c', 's', 'b', 'mean', 'var'], ['m'], { epsilon: 0.001 })],
    { constants: [floats('w', [4, 3, 3, 3]), floats('s', [4]), floats('b', [4]), floats('mean', [4]), floats('var', [4], [0.5, 1, 2, 0.3])] },
  ),
  'InstanceNormalization': scored([3, 8, 8], [node('InstanceNormalization', ['x', 's', 'b'], ['m'])], {
    constants: [floats('s', [3]), floats('b', [3])],
  }),
  'LayerNormalization over two axes': scored([3, 8, 8], [node('LayerNormalization', ['x', 's', 'b'], ['m'], { axis: -2 })], {
    opset: 17, constants: [floats('s', [8, 8]), floats('b', [8, 8])],
  }),
  'Softmax over channels': scored([3, 8, 8], [node('Conv', ['x', 'w'], ['c']), node('Softmax', ['c'], ['m'], { axis: 1 })], {
    constants: [floats('w', [3, 3, 1, 1])],
  }),
  'Softmax, 12, over all': unary('Softmax', { axis: 1 }, 12),
  'LogSoftmax over rows': unary('LogSoftmax', { axis: 2 }),
  ...Object.fromEntries(
    ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric'].flatMap((coordinate_transformation_mode) =>
      ['nearest', 'linear', 'cubic'].map((mode) => [
        `Resize, ${mode}, ${coordinate_transformation_mode}`,
        resize([3, 12, 16], { mode, coordinate_transformation_mode, ...(mode === 'nearest' ? { nearest_mode: 'floor' } : {}) }),
      ]),
    ),
  ),
  'Resize, smaller': resize([3, 4, 6], { mode: 'linear' }, [1, 1, 0.5, 0.75]),
  'Pad, reflect': scored([3, 10, 11], [node('Pad', ['x', 'p'], ['m'], { mode: 'reflect' })], { constants: [ints('p', [0, 0, 2, 1, 0, 0, 0, 2])] }),
  'Pad, edge': scored([3, 10, 11], [node('Pad', ['x', 'p'], ['m'], { mode: 'edge' })], { constants: [ints('p', [0, 0, 2, 1, 0, 0, 0, 2])] }),
  'Pad, less than nothing': scored([3, 6, 9], [node('Pad', ['x', 'p'], ['m'])], { constants: [ints('p', [0, 0, -1, 1, 0, 0, -1, 0])] }),
  'Slice with steps': scored([3, 4, 3], [node('Slice', ['x', 's', 'e', 'a', 't'], ['m'])], {
    constants: [ints('s', [7, 1]), ints('e', [-100, 100]), ints('a', [2, 3]), ints('t', [-2, 3])],
  }),
  'Gather': scored([2, 8, 8], [node('Gather', ['x', 'i'], ['m'], { axis: 1 })], { constants: [ints('i', [2, -3])] }),
  'Split and Concat': scored(
    [3, 8, 8],
    [node('Conv', ['x', 'w'], ['c']), node('Split', ['c', 'sizes'], ['p', 'q'], { axis: 1 }), node('Concat', ['q', 'p'], ['m'], { axis: 1 })],
    { constants: [floats('w', [3, 3, 1, 1]), ints('sizes', [1, 2])] },
  ),
  'Tile': scored([3, 16, 8], [node('Tile', ['x', 't'], ['m'])], { constants: [ints('t', [1, 1, 2, 1])] }),
  'Transpose there and back': scored(
    [8, 8, 3],
    [node('Transpose', ['x'], ['a'], { perm: [0, 2, 3, 1] }), node('Exp', ['a'], ['m'])],
  ),
  'DepthToSpace and SpaceToDepth': scored(
    [3, 8, 8],
    [node('SpaceToDepth', ['x'], ['a'], { blocksize: 2 }), node('Tanh', ['a'], ['b']), node('DepthToSpace', ['b'], ['m'], { blocksize: 2 })],
  ),
  'channel shuffle': reshaped(
    [0, 3, 2, 4, 8],
    [node('Transpose', ['r'], ['t'], { perm: [0, 2, 1, 3, 4] }), node('Reshape', ['t', 'back'], ['m'])],
    [3, 8, 8],
    [ints('back', [0, 3, 8, 8])],
  ),
  'MatMul, batched': reshaped([0, 3, 8, 8], [node('Transpose', ['r'], ['t'], { perm: [0, 1, 3, 2] }), node('MatMul', ['r', 't'], ['m'])], [3, 8, 8]),
  'MatMul, broadcast': reshaped([0, 3, 8, 8], [node('MatMul', ['left', 'r'], ['m'])], [3, 5, 8], [floats('left', [5, 8])]),
  'Gemm with all options': scored([4], [node('Flatten', ['x'], ['f']), node('Gemm', ['f', 'w', 'c'], ['m'], { alpha: 0.5, beta: 1.5, transB: 1 })], {
    constants: [floats('w', [4, 192]), floats('c', [1, 4])],
  }),
  'ReduceMean, kept': scored([3, 1, 8], [node('ReduceMean', ['x'], ['m'], { axes: [2], keepdims: 1 })]),
  'ReduceMean of images': scored([3], [node('Relu', ['x'], ['r']), node('ReduceMean', ['r'], ['m'], { axes: [2, 3], keepdims: 0 })]),
  'ReduceSum, ReduceMax, ReduceL2': scored(
    [3],
    [node('ReduceSum', ['x', 'axes'], ['s']), node('ReduceMax', ['s'], ['t'], { axes: [3], keepdims: 0 }), node('ReduceL2', ['x'], ['u'], { axes: [2, 3], keepdims: 0 }), node('Squeeze', ['t', 'two'], ['v']), node('Add', ['u', 'v'], ['m'])],
    { constants: [ints('axes', [2]), ints('two', [2])] },
  ),
  'NHWC input': scored(
    [3, 8, 8],
    [node('Transpose', ['x'], ['a'], { perm: [0, 3, 1, 2] }), node('Conv', ['a', 'w'], ['m'], { auto_pad: 'SAME_UPPER' })],
    { input: ['N', 8, 8, 3], constants: [floats('w', [3, 3, 3, 3])] },
  ),
  'one channel': { ...scored([2, 8, 8], [node('Conv', ['x', 'w'], ['m'], { pads: [1, 1, 1, 1] })], {
    input: ['N', 1, 8, 8], constants: [floats('w', [2, 1, 3, 3])],
  }) },
}; // prettier-ignore

describe.skipIf(!inNode)('operators', () => {
  it.each(Object.entries(CASES))('%s', async (name, parts) => {
    const { runOrt } = await import('../../../tests/onnx/ort');
    const bytes = buildOnnx(parts);
    const compiled = compileOnnx(await readOnnx(inputFile('one.onnx', bytes)), 'one.onnx');
    const network = compiled.build();
    const pixels = Float32Array.from(
      { length: BATCH * SIDE * SIDE * 3 },
      (_, i) => 1.5 * Math.sin(i * 12.9898 + 0.3),
    );
    const x = tf.tensor4d(pixels, [BATCH, SIDE, SIDE, 3]);
    const theirs = (values: Float32Array): Promise<Float32Array> =>
      runOrt(bytes, { x: feed(parts, values) }).then(({ y }) => y!);
    const output = tf.tidy(() => network.forward(x).logits);
    expect(relativeDistance(await output.data(), await theirs(pixels))).toBeLessThan(2e-5);

    // d/dt of sum(w * y(x + t d)): ours from the gradient, theirs from a central difference.
    const w = Float32Array.from({ length: BATCH * 5 }, (_, i) => Math.cos(i * 1.3));
    const d = Float32Array.from(pixels, (_, i) => Math.sin(i * 7.77 + 1));
    const gradient = tf.tidy(() =>
      tf.grad((images) =>
        tf.sum(tf.mul(network.forward(images as tf.Tensor4D).logits, tf.tensor2d(w, [BATCH, 5]))),
      )(x),
    );
    const step = 2e-3;
    const [up, down] = await Promise.all([
      theirs(pixels.map((value, i) => value + step * d[i]!)),
      theirs(pixels.map((value, i) => value - step * d[i]!)),
    ]);
    const slope = up.reduce((sum, value, i) => sum + (w[i]! * (value - down[i]!)) / (2 * step), 0);
    const slopes = Float32Array.from(await gradient.data());
    const ours = slopes.reduce((sum, value, i) => sum + value * d[i]!, 0);
    const scale = Math.sqrt(slopes.reduce((sum, value) => sum + value * value, 0));
    expect(Math.abs(ours - slope), `${name}: ${ours} against ${slope}`).toBeLessThan(
      0.02 * Math.max(scale, 1),
    );
    network.dispose();
    tf.dispose([x, output, gradient]);
  });
});

/** NHWC pixels as the graph's input wants them. */
function feed({ input }: GraphParts, pixels: Float32Array): { data: Float32Array; shape: number[] } {
  const channels = input?.[1] === 1 ? 1 : 3;
  if (input?.[3] === 3) return { data: pixels, shape: [BATCH, SIDE, SIDE, 3] };
  const data = new Float32Array(BATCH * channels * SIDE * SIDE);
  const at = (n: number, p: number, c: number): number => pixels[(n * SIDE * SIDE + p) * 3 + c]!;
  for (let n = 0; n < BATCH; n++)
    for (let p = 0; p < SIDE * SIDE; p++)
      for (let c = 0; c < channels; c++)
        data[(n * channels + c) * SIDE * SIDE + p] =
          channels === 3 ? at(n, p, c) : (at(n, p, 0) + at(n, p, 1) + at(n, p, 2)) / 3;
  return { data, shape: [BATCH, channels, SIDE, SIDE] };
}
