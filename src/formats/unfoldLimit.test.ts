import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { deflatedZip } from '../../tests/fuzz/files';
import { inputFile } from '../../tests/setup/inputFile';
import { readFixture } from '../../tests/setup/fixture';
import { openDataset } from './datasets/openDataset';
import { decodeImage } from './images/decode';
import { readPnmHeader } from './images/pnm';
import { graphShapes } from './models/graph/shapes';
import type { Json } from './models/keras/json';
import { heapsEnd } from './models/keras/hdf5Structure';
import { readModel } from './models/readModel';
import { unfoldLimit } from './unfoldLimit';

// One small test for each thing that fuzzing found: hangs, and memory that a file's size does not account for.
const MIB = 2 ** 20;
const tfjs = (topology: Json, weights: readonly Json[] = [], paths: readonly string[] = ['w.bin']) =>
  readModel(
    inputFile(
      'model.json',
      JSON.stringify({ modelTopology: topology, weightsManifest: [{ paths, weights }] }),
    ),
    [inputFile('w.bin', new Uint8Array(4096))],
  );
const layer = (class_name: string, name: string, more: object, inbound_nodes: Json = []): Json => ({
  class_name,
  name,
  config: { name, ...more },
  inbound_nodes,
});
const INPUT = layer('InputLayer', 'in', { batch_input_shape: [null, 8, 8, 3] });

describe('what a file may unfold to', () => {
  it('is two hundred times its size, and 64 MiB at least', () => {
    expect([unfoldLimit(100), unfoldLimit(MIB)]).toEqual([64 * MIB, 200 * MIB]);
  });

  it('holds for archives of images, arrays and batches alike', async () => {
    const zeros = new Uint8Array(65 * MIB);
    const files = [
      inputFile('images.zip', deflatedZip({ 'cat/1.png': zeros })),
      inputFile('data.npz', deflatedZip({ 'x_train.npy': zeros })),
      inputFile('train-images-idx3-ubyte.gz', gzipSync(idx(65 * 1365, 28, 28))),
      inputFile('cifar.tar.gz', gzipSync(zeros)),
    ];
    for (const file of files)
      await expect(openDataset([file])).rejects.toMatchObject({ code: 'file/too-large' });
  });

  it('is not asked of a picture whose first bytes are looked at', async () => {
    const zip = deflatedZip({ 'a/1.png': new Uint8Array(60 * MIB), 'b/1.png': new Uint8Array(1) });
    await expect(openDataset([inputFile('images.zip', zip)])).rejects.toMatchObject({
      code: 'file/unrecognised',
    });
  });
});

function idx(...axes: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16 + axes.reduce((product, axis) => product * axis, 1));
  bytes.set([0, 0, 8, 3]);
  axes.forEach((axis, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, axis));
  return bytes;
}

describe('pictures', () => {
  it('of blanks in place of a size are told at once', () => {
    expect(
      readPnmHeader(Uint8Array.from(`P6${' '.repeat(900)}x`, (letter) => letter.charCodeAt(0))),
    ).not.toBeNull();
    expect(
      readPnmHeader(Uint8Array.from(`P6${' '.repeat(2000)}x`, (letter) => letter.charCodeAt(0))),
    ).toBeNull();
  });

  it('of more pixels than their bytes can hold are cut off', async () => {
    const jpeg = await readFixture('datasets/images/baseline444.jpg');
    const view = new DataView(jpeg.buffer);
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    view.setUint16(frame + 5, 8000);
    view.setUint16(frame + 7, 8000);
    await expect(decodeImage(jpeg, 'a.jpg')).rejects.toMatchObject({ code: 'file/truncated' });
  });
});

describe('networks', () => {
  it('whose kernels would spread over the whole of memory', async () => {
    const layers = [INPUT, layer('Conv2D', 'c', { padding: 'same', dilation_rate: 65_536, use_bias: false })];
    const weights = [{ name: 'c/kernel', shape: [3, 3, 3, 4], dtype: 'float32' }];
    const { graph, state } = await tfjs({ class_name: 'Sequential', config: { name: 'm', layers } }, weights);
    expect(() => graphShapes(graph!, state, 'm')).toThrow(/would spread to 131073 x 131073 pixels/);
  });

  it('of models that call each other a thousand times', async () => {
    const calls = Array.from({ length: 1000 }, (_, i) => [[i === 0 ? 'in' : 'inner', i, 0, {}]]);
    let config: Json = {
      name: 'm',
      layers: [INPUT],
      input_layers: [['in', 0, 0]],
      output_layers: [['in', 0, 0]],
    };
    for (let level = 0; level < 4; level++)
      config = {
        ...(config as object),
        layers: [INPUT, { class_name: 'Functional', name: 'inner', config, inbound_nodes: calls }],
        output_layers: [['inner', 1000, 0]],
      };
    await expect(tfjs({ class_name: 'Functional', config })).rejects.toMatchObject({
      code: 'file/too-large',
    });
  });

  it('that turn a matrix of 10^16 empty numbers', async () => {
    const node = [
      {
        name: 'x',
        op: 'Placeholder',
        attr: { shape: { shape: { dim: [{ size: '-1' }, { size: '8' }, { size: '8' }, { size: '3' }] } } },
      },
      { name: 'w', op: 'Const' },
      { name: 'm', op: 'MatMul', input: ['x', 'w'], attr: { transpose_b: { b: true } } },
    ];
    const weights = [{ name: 'w', shape: [94_906_265, 94_906_265, 0], dtype: 'float32' }];
    await expect(tfjs({ node }, weights)).rejects.toMatchObject({ code: 'format/unsupported' });
  });

  it('that list one weight file again and again', async () => {
    const weights = [{ name: 'd/kernel', shape: [2048], dtype: 'float32' }];
    const twice = tfjs({ class_name: 'Sequential', config: { name: 'm', layers: [INPUT] } }, weights, [
      'w.bin',
      'w.bin',
    ]);
    await expect(twice).rejects.toThrow(/lists the weight file w\.bin twice/);
  });

  it('in HDF5 whose heap of texts never ends', async () => {
    const bytes = await readFixture('keras/sequential_keras2.h5');
    expect(heapsEnd(bytes)).toBe(true);
    for (const name of ['keras/by_keras.h5', 'keras/in_a_row.h5', 'keras/functional_keras2.h5'])
      expect(heapsEnd(await readFixture(name))).toBe(true);
    const heap = new TextDecoder('latin1').decode(bytes).indexOf('GCOL');
    new DataView(bytes.buffer).setUint16(heap + 16, 0, true);
    new DataView(bytes.buffer).setBigUint64(heap + 24, 0n, true);
    await expect(readModel(inputFile('evil.h5', bytes))).rejects.toMatchObject({ code: 'format/malformed' });
  });
});
