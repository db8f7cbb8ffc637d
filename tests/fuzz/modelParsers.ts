import { writeBundle } from '../../src/formats/exports/bundle';
import { apart, fixtureBytes, textFile, together } from './files';
import type { Cap, FuzzedParser } from './fuzzedParser';
import { readAnyModel, readExperiment, readMap, readWholeBundle } from './readings';

const EXPERIMENT = JSON.stringify({
  version: 1,
  name: 'fuzzed',
  seed: 666,
  model: { path: 'victim.pth', normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] } },
  dataset: { path: 'cifar.tar.gz', train: 1000, test: 100 },
  attack: { kind: 'badnets', target: 0 },
  defense: {
    kind: 'refine',
    recipe: 'paper',
    mapping: { kind: 'explicit', permutation: [1, 2, 0] },
    optimizer: { kind: 'adam', learningRate: 0.01 },
    schedule: { kind: 'onecycle', maxLearningRate: 0.01 },
    batchSize: 64,
    maxSteps: 10,
  },
  evaluate: { everyEpochs: 1, testLimit: 100, logEverySteps: 2 },
  sweep: { axes: [{ key: 'attack.kind', values: ['badnets', 'blended'] }] },
});

async function bundle(): Promise<Uint8Array<ArrayBuffer>> {
  return writeBundle([
    { name: 'transform.pth', content: fixtureBytes('formats/state_zip.pth') },
    { name: 'label_map.json', content: '[1,2,0]' },
    { name: 'label_shuffle.pth', content: fixtureBytes('formats/label_shuffle.pth') },
    { name: 'experiment.json', content: EXPERIMENT },
  ]);
}

const KERAS = ['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin'];

/** A million objects at most, of some two hundred bytes; small archives may unfold to 64 MiB. */
const ARCHIVES: Cap = { fixedMiB: 384, timesFile: 24 };
/** A header, and numbers that become eight bytes each. */
const PLAIN: Cap = { fixedMiB: 96, timesFile: 32 };
/** What a graph's constants make, and JSON or protobuf as objects. */
const GRAPHS: Cap = { fixedMiB: 224, timesFile: 80 };
/** The HDF5 library's own memory, which is 16 MiB at first. */
const HDF5: Cap = { fixedMiB: 192, timesFile: 80 };

/** The readers of models and of what the studio itself writes. */
export const MODELS: readonly FuzzedParser[] = [
  {
    name: 'PyTorch zip',
    formats: ['pth-zip'],
    seeds: () =>
      apart(
        'formats',
        'state_zip.pth',
        'module_zip.pth',
        'mixed_zip.pth',
        'torchscript.pt',
        'attack_result.pt',
        'state_deflated.pth',
      ),
    cap: ARCHIVES,
    read: readAnyModel,
  },
  {
    name: 'PyTorch legacy',
    formats: ['pth-legacy'],
    seeds: () => apart('formats', 'mixed_legacy.pth', 'module_legacy.pth', 'state_legacy.pth'),
    cap: ARCHIVES,
    read: readAnyModel,
  },
  {
    name: 'pickle',
    formats: ['pickle'],
    seeds: () => apart('formats', 'numpy_weights.pkl', 'cifar_py2.pkl', 'evil_protocol0.pth'),
    cap: ARCHIVES,
    read: readAnyModel,
  },
  {
    name: 'safetensors',
    formats: ['safetensors'],
    seeds: () => apart('formats', 'mixed.safetensors'),
    cap: PLAIN,
    read: readAnyModel,
  },
  {
    name: 'ONNX',
    formats: ['onnx'],
    seeds: () =>
      apart(
        'onnx',
        'mobilenet_10.onnx',
        'vit_fixed_12.onnx',
        'odd_16.onnx',
        'attention_fixed_15.onnx',
        'densenet_9.onnx',
      ),
    cap: GRAPHS,
    read: readAnyModel,
  },
  {
    name: 'ONNX with weights beside it',
    formats: ['onnx'],
    seeds: () => [together('onnx', 'external_13.onnx', 'external_13.onnx.data')],
    cap: GRAPHS,
    read: readAnyModel,
  },
  {
    name: 'Keras HDF5',
    formats: ['keras-h5'],
    seeds: () => apart('keras', 'sequential_keras2.h5', 'functional_keras2.h5'),
    cap: HDF5,
    read: readAnyModel,
  },
  {
    name: 'Keras zip',
    formats: ['keras'],
    seeds: () => apart('keras', 'functional_keras3.keras'),
    cap: HDF5,
    read: readAnyModel,
  },
  {
    name: 'TensorFlow.js layers',
    formats: ['tfjs'],
    seeds: () => [together('keras/tfjs_layers', ...KERAS)],
    cap: GRAPHS,
    read: readAnyModel,
  },
  {
    name: 'TensorFlow.js graph',
    formats: ['tfjs'],
    seeds: () => [together('keras/tfjs_graph', 'model.json', 'group1-shard1of1.bin')],
    cap: GRAPHS,
    read: readAnyModel,
  },
  {
    name: 'label map',
    formats: [],
    seeds: () => [
      ...apart('formats', 'label_shuffle.pth'),
      [textFile('label_map.json', '[5,7,0,9,3,4,8,1,6,2]')],
    ],
    cap: ARCHIVES,
    read: readMap,
  },
  {
    name: 'bundle',
    formats: [],
    seeds: async () => [[{ path: 'bundle.zip', bytes: await bundle() }]],
    cap: ARCHIVES,
    read: readWholeBundle,
  },
  {
    name: 'experiment',
    formats: [],
    seeds: () => [[textFile('experiment.json', EXPERIMENT)]],
    cap: PLAIN,
    read: readExperiment,
  },
];
