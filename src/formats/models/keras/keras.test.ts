import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFixture } from '../../../../tests/setup/fixture';
import { fixtureFile, inputFile } from '../../../../tests/setup/inputFile';
import { StudioError } from '../../../protocol/errors';
import type { InputFile } from '../../input';
import { graphShapes } from '../graph/shapes';
import { readModel } from '../readModel';
import type { Json } from './json';

const FILES: Readonly<Record<string, readonly string[]>> = {
  'sequential_keras2.h5': [],
  'functional_keras3.keras': [],
  'tfjs_layers/model.json': ['group1-shard1of2.bin', 'group1-shard2of2.bin'],
  'tfjs_graph/model.json': ['group1-shard1of1.bin'],
};

const besides = async (name: string): Promise<InputFile[]> =>
  Promise.all(
    (FILES[name] ?? []).map((part) =>
      fixtureFile(`keras/${name.slice(0, name.lastIndexOf('/') + 1)}${part}`),
    ),
  );

/** A sequential TensorFlow.js model of these layers, with these weights, all zeros. */
async function sequential(layers: readonly Json[], weights: readonly [string, readonly number[]][] = []) {
  const specs = weights.map(([name, shape]) => ({ name, shape, dtype: 'float32' }));
  const bytes = 4 * weights.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const model = {
    modelTopology: { class_name: 'Sequential', config: { name: 'made', layers }, keras_version: '2.11.0' },
    weightsManifest: [{ paths: ['w.bin'], weights: specs }],
  };
  const file = inputFile('model.json', JSON.stringify(model));
  const read = await readModel(file, [inputFile('w.bin', new Uint8Array(bytes))]);
  return { ...read, shapes: () => graphShapes(read.graph!, read.state, 'model.json') };
}

const input = { class_name: 'InputLayer', config: { name: 'in', batch_input_shape: [null, 8, 8, 3] } };
const flatten = { class_name: 'Flatten', config: { name: 'flatten' } };
const dense = { class_name: 'Dense', config: { name: 'dense', units: 4 } };

describe('Keras and TensorFlow.js files', () => {
  it('names its layers, weights and classes', async () => {
    const { graph, state, format, metadata } = await readModel(
      await fixtureFile('keras/functional_keras3.keras'),
    );
    expect(format).toBe('keras');
    expect(metadata['Keras version']).toBe('3.5.0');
    expect(graph!.inputShape).toEqual([14, 13, 3]);
    expect(state.get('inner/inner_bn/moving_variance')!.shape).toEqual([6]);
    expect(state.get('sep/pointwise_kernel')!.shape).toEqual([1, 1, 16, 8]);
    expect(graphShapes(graph!, state, 'x').classes).toBe(7);
  });

  it.each([
    [
      'a Lambda layer',
      [input, { class_name: 'Lambda', config: { name: 'run_me' } }],
      [],
      'format/unsupported',
      /run_me.*never run/,
    ],
    [
      'a custom layer',
      [input, { class_name: 'Custom>Odd', config: { name: 'odd' } }],
      [],
      'format/unsupported',
      /odd \(Odd\)/,
    ],
    ['missing weights', [input, flatten, dense], [], 'format/malformed', /kernel of the layer dense/],
    [
      'weights of another shape',
      [input, flatten, dense],
      [
        ['dense/kernel', [7, 4]],
        ['dense/bias', [4]],
      ],
      'model/shape-mismatch',
      /dense \(Dense\).*\[7, 4\].*\[192\]/,
    ],
    [
      'a pool larger than the image',
      [input, { class_name: 'MaxPooling2D', config: { name: 'p', pool_size: [9, 9] } }, flatten],
      [],
      'model/shape-mismatch',
      /leaves nothing/,
    ],
    [
      'absurd sizes',
      [{ class_name: 'InputLayer', config: { batch_input_shape: [null, 1e9, 8, 3] } }, flatten],
      [],
      'format/malformed',
      /side of 1000000000/,
    ],
    [
      'negative sizes',
      [{ class_name: 'InputLayer', config: { batch_input_shape: [null, -8, 8, 3] } }, flatten],
      [],
      'format/malformed',
      /side of -8/,
    ],
    ['no input', [flatten, dense], [], 'format/malformed', /how large its images are/],
    [
      'channels first',
      [input, { class_name: 'Conv2D', config: { name: 'c', data_format: 'channels_first' } }],
      [],
      'format/unsupported',
      /channels_first/,
    ],
  ] as const)('refuses %s with one sentence', async (_, layers, weights, code, message) => {
    const attempt = sequential(layers, weights as unknown as [string, number[]][]).then(({ shapes }) =>
      shapes(),
    );
    await expect(attempt).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('refuses layers in a circle', async () => {
    const layer = (name: string, from: string) => ({
      class_name: 'Activation',
      name,
      config: { name, activation: 'relu' },
      inbound_nodes: [[[from, 0, 0, {}]]],
    });
    const config = { name: 'm', layers: [layer('a', 'b'), layer('b', 'a')], output_layers: [['b', 0, 0]] };
    const model = { modelTopology: { class_name: 'Functional', config }, weightsManifest: [] };
    await expect(readModel(inputFile('model.json', JSON.stringify(model)))).rejects.toMatchObject({
      code: 'format/malformed',
      message: expect.stringContaining('in a circle'),
    });
  });

  it('names the operation of a graph that it does not know, and a shard that did not come', async () => {
    const name = 'tfjs_graph/model.json';
    const text = new TextDecoder().decode(await readFixture(`keras/${name}`));
    const odd = inputFile('model.json', text.replace('"op": "AvgPool"', '"op": "WeirdPool"'));
    await expect(readModel(odd, await besides(name))).rejects.toMatchObject({
      code: 'format/unsupported',
      message: expect.stringMatching(/WeirdPool \(node pooled\)/),
    });
    await expect(readModel(inputFile('model.json', text))).rejects.toMatchObject({ code: 'file/missing' });
  });

  it('says what JSON and HDF5 are that hold no model', async () => {
    await expect(readModel(inputFile('a.json', '{"a": 1}'))).rejects.toMatchObject({ code: 'file/foreign' });
    const half = (await readFixture('keras/sequential_keras2.h5')).slice(0, 20_000);
    await expect(readModel(inputFile('half.h5', half))).rejects.toMatchObject({ code: 'file/truncated' });
  });

  it('reads on after a file that makes the HDF5 library trap', async () => {
    const bytes = await readFixture('keras/sequential_keras2.h5');
    for (let i = 0; i < 3; i++) {
      const bad = bytes.slice();
      for (let at = 9_000; at < 12_000; at++) bad[at] = (at * (31 + i)) & 255;
      await readModel(inputFile('bad.h5', bad)).catch(() => null);
      const { state } = await readModel(inputFile('good.h5', bytes));
      expect(state.size).toBe(13);
    }
  });

  it.each(Object.keys(FILES))('%s with changed bytes is read or refused with a code', async (name) => {
    const bytes = await readFixture(`keras/${name}`);
    const beside = await besides(name);
    const change = fc.record({ at: fc.nat(bytes.length - 1), value: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), fc.nat(20), async (changes, cut) => {
        const bad = cut === 0 ? bytes.slice(0, changes[0]!.at) : bytes.slice();
        for (const { at, value } of changes) if (at < bad.length) bad[at] = value;
        try {
          const { graph, state } = await readModel(inputFile(name, bad), beside);
          if (graph) graphShapes(graph, state, name);
        } catch (error) {
          expect(error).toBeInstanceOf(StudioError);
          expect((error as StudioError).code).not.toBe('internal');
          expect((error as StudioError).message).not.toContain('stopped the HDF5 reader');
        }
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});
