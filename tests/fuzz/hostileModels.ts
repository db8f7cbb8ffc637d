import { gzipSync } from 'node:zlib';
import { writeStoredZip } from '../../src/formats/exports/storedZip';
import { deflatedZip, fixtureBytes, latin1, MIB, type NamedBytes, one, textFile } from './files';
import type { HostileFiles } from './fuzzedParser';
import { HOSTILE_GRAPHS, HOSTILE_LAYERS } from './hostileNetworks';
import { HOSTILE_ONNX } from './hostileOnnx';

const pth = (pickle: Uint8Array, storage = new Uint8Array(16)) =>
  one(
    'evil.pth',
    writeStoredZip([
      { name: 'a/data.pkl', bytes: pickle },
      { name: 'a/data/0', bytes: storage },
    ]),
  );

/** `{'w': tensor}` with these texts for the number of elements, size and stride. */
function tensorPickle(numel: string, size: string, stride: string): Uint8Array {
  const id = `(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI${numel}\ntQ`;
  return latin1(`}S'w'\nctorch._utils\n_rebuild_tensor_v2\n(${id}I0\n(I${size}\nt(I${stride}\ntI00\nNtRs.`);
}

const TENSORS = ['1099511627776', '9223372036854775807', '-1', '-9223372036854775808'].map(
  (size): HostileFiles => ({
    what: `a tensor of ${size} numbers`,
    make: () => pth(tensorPickle(size, size, '1')),
  }),
);

const PICKLES: readonly HostileFiles[] = [
  ...TENSORS,
  {
    what: 'sixty million empty tables, deflated',
    make: () => {
      const pickle = new Uint8Array(60 * MIB).fill(0x7d);
      pickle.set([0x80, 2]);
      return one('evil.pth', deflatedZip({ 'a/data.pkl': pickle }));
    },
  },
  { what: 'a million empty tables', make: () => pth(latin1(`\x80\x02${'}'.repeat(MIB)}.`)) },
  {
    what: 'a million nested lists',
    make: () => pth(latin1(`\x80\x02${']'.repeat(500_000)}${'a'.repeat(499_999)}.`)),
  },
  { what: 'a memo of two million entries', make: () => pth(latin1(`\x80\x04]${'\x94'.repeat(2 * MIB)}.`)) },
  {
    what: 'lists that each hold the one before ten times',
    make: () =>
      pth(
        latin1(
          `\x80\x02]q\x00${Array.from({ length: 200 }, (_, i) => `](${'h'.concat(String.fromCharCode(i)).repeat(10)}eq${String.fromCharCode(i + 1)}`).join('')}.`,
        ),
      ),
  },
  {
    what: 'the copies of a long list',
    make: () =>
      pth(
        latin1(
          `\x80\x02c__builtin__\nlist\nq\x00(${'N'.repeat(100_000)}lq\x01${'h\x00h\x01\x85R'.repeat(10_000)}.`,
        ),
      ),
  },
  {
    what: 'a text of a megabyte encoded a thousand times',
    make: () =>
      pth(
        latin1(
          `\x80\x02c_codecs\nencode\nq\x00X\x00\x00\x10\x00${'a'.repeat(MIB)}q\x01${'h\x00h\x01\x85R0'.repeat(1000)}.`,
        ),
      ),
  },
];

/** Deflated: 66 MB of zeros in a file of some 70 kB. */
function bomb(name: string, path: string): NamedBytes[] {
  return one(path, deflatedZip({ [name]: new Uint8Array(66 * MIB) }));
}
/** The fixture without the texts and tables behind its first kilobytes. */
function hollowHdf5(): NamedBytes[] {
  const bytes = fixtureBytes('keras/sequential_keras2.h5');
  const free = new DataView(bytes.buffer);
  const heap = new TextDecoder('latin1').decode(bytes).indexOf('GCOL');
  // The first free block says that it has no bytes: a walk through the heap never ends.
  free.setUint16(heap + 16, 0, true);
  free.setBigUint64(heap + 24, 0n, true);
  return one('evil.h5', bytes);
}

function withSizes(value: bigint): NamedBytes[] {
  const bytes = fixtureBytes('keras/sequential_keras2.h5');
  const view = new DataView(bytes.buffer);
  // Every dataspace of two axes: version 1, rank 2.
  for (let at = 0; at + 24 < bytes.length; at += 8)
    if (bytes[at] === 1 && bytes[at + 1] === 2 && view.getUint32(at + 4, true) === 0)
      view.setBigUint64(at + 8, value, true);
  return one('evil.h5', bytes);
}

const HDF5: readonly HostileFiles[] = [
  { what: 'a heap whose free space has no bytes', make: hollowHdf5 },
  ...[0n, 2n ** 40n, 2n ** 63n - 1n, 2n ** 64n - 1n].map((value): HostileFiles => ({
    what: `matrices of ${value} rows`,
    make: () => withSizes(value),
  })),
  {
    what: 'weights cut off',
    make: () => one('evil.h5', fixtureBytes('keras/sequential_keras2.h5').subarray(0, 24_000)),
  },
];

const SAFETENSORS: readonly HostileFiles[] = [
  ...['[1099511627776]', '[9223372036854775807]', '[-1]', '[4294967296,4294967296]'].map(
    (shape): HostileFiles => ({
      what: `a tensor of shape ${shape}`,
      make: () => {
        const header = latin1(`{"w":{"dtype":"F32","shape":${shape},"data_offsets":[0,4]}}`);
        const bytes = new Uint8Array(8 + header.length + 4);
        new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
        bytes.set(header, 8);
        return one('evil.safetensors', bytes);
      },
    }),
  ),
  {
    what: 'a header nested a million deep',
    make: () => {
      const bytes = new Uint8Array(1_000_108).fill(0x5b);
      bytes.set(latin1('{"w":'), 8);
      new DataView(bytes.buffer).setBigUint64(0, 1_000_100n, true);
      return one('evil.safetensors', bytes);
    },
  },
];

/** By the parser's name. */
export const HOSTILE_MODELS: Readonly<Record<string, readonly HostileFiles[]>> = {
  'PyTorch zip': [...PICKLES, { what: 'a zip bomb', make: () => bomb('a/data.pkl', 'evil.pth') }],
  safetensors: SAFETENSORS,
  ONNX: HOSTILE_ONNX,
  'Keras HDF5': HDF5,
  'Keras zip': [
    {
      what: 'a bomb for a configuration',
      make: () =>
        one(
          'evil.keras',
          deflatedZip({
            'config.json': new Uint8Array(66 * MIB),
            'model.weights.h5': fixtureBytes('keras/sequential_keras2.h5'),
          }),
        ),
    },
    {
      what: 'no weights',
      make: () =>
        one(
          'evil.keras',
          deflatedZip({ 'config.json': latin1('{}'), 'model.weights.h5': new Uint8Array(0) }),
        ),
    },
  ],
  'TensorFlow.js layers': HOSTILE_LAYERS,
  'TensorFlow.js graph': HOSTILE_GRAPHS,
  'label map': [
    { what: 'a million nested lists', make: () => [textFile('label_map.json', '['.repeat(1_000_000))] },
    { what: 'a zip bomb', make: () => bomb('a/data.pkl', 'label_shuffle.pth') },
  ],
  bundle: [{ what: 'a zip bomb', make: () => bomb('transform.pth', 'bundle.zip') }],
  experiment: [
    {
      what: 'JSON nested a million deep',
      make: () => [
        textFile('experiment.json', `{"version":1,"model":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`),
      ],
    },
    {
      what: 'a sweep of 10^9 runs',
      make: () => {
        const values = Array.from({ length: 1000 }, (_, i) => i);
        const axes = ['seed', 'defense.maxSteps', 'defense.epochs'].map((key) => ({ key, values }));
        return [
          textFile(
            'experiment.json',
            JSON.stringify({
              version: 1,
              name: 'a',
              seed: 1,
              model: { path: 'a' },
              dataset: { path: 'b' },
              defense: { kind: 'refine', recipe: 'paper' },
              sweep: { axes },
            }),
          ),
        ];
      },
    },
  ],
  recognition: [
    { what: 'a zip bomb', make: () => bomb('a/data.pkl', 'evil.pth') },
    { what: 'a gzip bomb', make: () => one('evil.gz', gzipSync(new Uint8Array(66 * MIB), { level: 6 })) },
  ],
};
