import type { Json } from '../../src/formats/models/keras/json';
import { type NamedBytes, textFile } from './files';
import type { HostileFiles } from './fuzzedParser';

const tfjs = (
  topology: Json,
  weights: readonly Json[],
  paths = ['w.bin'],
  bytes = new Uint8Array(4096),
): NamedBytes[] => [
  textFile(
    'model.json',
    JSON.stringify({
      format: 'layers-model',
      modelTopology: topology,
      weightsManifest: [{ paths, weights }],
    }),
  ),
  { path: 'w.bin', bytes },
];
const layer = (class_name: string, name: string, more: object, inbound: Json = []): Json => ({
  class_name,
  name,
  config: { name, ...more },
  inbound_nodes: inbound,
});
const INPUT = layer('InputLayer', 'in', { batch_input_shape: [null, 8, 8, 3] });
const sequential = (...layers: readonly Json[]): Json => ({
  class_name: 'Sequential',
  config: { name: 'm', layers: [INPUT, ...layers] },
});

/** Models inside models, each called a thousand times by the one around it, and the innermost doing nothing. */
function nestedCalls(depth: number): Json {
  let inner: Json = {
    name: 'm',
    layers: [layer('InputLayer', 'in', { batch_input_shape: [null, 8, 8, 3] })],
    input_layers: [['in', 0, 0]],
    output_layers: [['in', 0, 0]],
  };
  for (let level = 0; level < depth; level++) {
    const calls = Array.from({ length: 1000 }, (_, i) => [
      [i === 0 ? 'in' : 'inner', Math.max(0, i - 1), 0, {}],
    ]);
    inner = {
      name: 'm',
      layers: [INPUT, { class_name: 'Functional', name: 'inner', config: inner, inbound_nodes: calls }],
      input_layers: [['in', 0, 0]],
      output_layers: [['inner', 999, 0]],
    };
  }
  return { class_name: 'Functional', config: inner };
}

/** Keras' layers as TensorFlow.js describes them. */
export const HOSTILE_LAYERS: readonly HostileFiles[] = [
  {
    what: 'layers in a circle',
    make: () =>
      tfjs(
        {
          class_name: 'Functional',
          config: {
            name: 'm',
            layers: [
              INPUT,
              layer('Add', 'a', {}, [
                [
                  ['in', 0, 0, {}],
                  ['b', 0, 0, {}],
                ],
              ]),
              layer('ReLU', 'b', {}, [[['a', 0, 0, {}]]]),
            ],
            input_layers: [['in', 0, 0]],
            output_layers: [['b', 0, 0]],
          },
        },
        [],
      ),
  },
  { what: 'models inside models, called 1000^8 times', make: () => tfjs(nestedCalls(8), []) },
  {
    what: 'a layer with a million inputs',
    make: () =>
      tfjs(
        {
          class_name: 'Functional',
          config: {
            name: 'm',
            layers: [
              INPUT,
              layer('Add', 'a', {}, [Array.from({ length: 1_000_000 }, () => ['in', 0, 0, {}])]),
            ],
            input_layers: [['in', 0, 0]],
            output_layers: [['a', 0, 0]],
          },
        },
        [],
      ),
  },
  {
    what: 'JSON nested a million deep',
    make: () => [textFile('model.json', `{"modelTopology":${'['.repeat(1_000_000)}`)],
  },
  {
    what: 'a kernel dilated over 65,536 pixels',
    make: () =>
      tfjs(
        sequential(
          layer('Conv2D', 'c', { padding: 'same', dilation_rate: [65_536, 65_536], use_bias: false }),
          layer('GlobalAveragePooling2D', 'g', {}),
        ),
        [{ name: 'c/kernel', shape: [3, 3, 3, 4], dtype: 'float32' }],
      ),
  },
  {
    what: 'padding of 65,536 pixels on every side, a hundred times',
    make: () =>
      tfjs(
        sequential(
          ...Array.from({ length: 100 }, (_, i) => layer('ZeroPadding2D', `p${i}`, { padding: 65_536 })),
        ),
        [],
      ),
  },
  {
    what: 'an upsampling to 2^32 pixels',
    make: () => tfjs(sequential(layer('UpSampling2D', 'u', { size: [65_536, 65_536] })), []),
  },
  ...['[1099511627776,1099511627776]', '[9223372036854775807]', '[-1]', '[94906265,94906265,0]'].map(
    (shape): HostileFiles => ({
      what: `a weight of shape ${shape}`,
      make: () =>
        tfjs(sequential(layer('Dense', 'd', {})), [
          { name: 'd/kernel', shape: JSON.parse(shape) as Json, dtype: 'float32' },
        ]),
    }),
  ),
  {
    what: 'one weight file listed four thousand times',
    make: () =>
      tfjs(
        sequential(layer('Dense', 'd', {})),
        [{ name: 'd/kernel', shape: [4000, 65_536], dtype: 'float32' }],
        new Array<string>(4000).fill('w.bin'),
        new Uint8Array(262_144),
      ),
  },
];
const graph = (...nodes: readonly Json[]): Json => ({ node: nodes });
const PLACEHOLDER: Json = {
  name: 'x',
  op: 'Placeholder',
  attr: { shape: { shape: { dim: [{ size: '-1' }, { size: '8' }, { size: '8' }, { size: '3' }] } } },
};
/** TensorFlow's graphs. */
export const HOSTILE_GRAPHS: readonly HostileFiles[] = [
  {
    what: 'a node that feeds itself',
    make: () =>
      tfjs(
        graph(
          PLACEHOLDER,
          { name: 'a', op: 'Add', input: ['x', 'a'] },
          { name: 'b', op: 'Relu', input: ['a'] },
        ),
        [],
      ),
  },
  {
    what: 'a transposed matrix of 10^16 empty numbers',
    make: () =>
      tfjs(
        graph(
          PLACEHOLDER,
          { name: 'w', op: 'Const' },
          { name: 'm', op: 'MatMul', input: ['x', 'w'], attr: { transpose_b: { b: true } } },
        ),
        [{ name: 'w', shape: [94_906_265, 94_906_265, 0], dtype: 'float32' }],
      ),
  },
  {
    what: 'a concatenation of a million inputs',
    make: () =>
      tfjs(
        graph(PLACEHOLDER, { name: 'c', op: 'ConcatV2', input: new Array<string>(1_000_000).fill('x') }),
        [],
      ),
  },
];
