import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildOnnx, floats, ints, node } from '../../../../tests/onnx/buildOnnx';
import { inputFile } from '../../../../tests/setup/inputFile';
import { compileOnnx } from '../../../compute/onnx/compileOnnx';
import { StudioError } from '../../../protocol/errors';
import { readModel } from '../readModel';
import { isSafePath } from './externalData';
import { readOnnx } from './readOnnx';

const fixture = (name: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(readFileSync(new URL(`../../../../tests/fixtures/onnx/${name}`, import.meta.url)));

/** Reads and checks whatever the bytes are: a classifier, or a StudioError that names the file. */
async function survives(bytes: Uint8Array): Promise<void> {
  try {
    const model = await readModel(inputFile('bad.onnx', bytes));
    if (model.onnx) compileOnnx(model.onnx, 'bad.onnx');
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    expect(error.message).toContain('bad.onnx');
    expect(error.code).not.toBe('internal');
    if (error.code === 'file/unreadable') throw new Error(error.detail ?? 'unreadable', { cause: error });
  }
}

async function refusal(bytes: Uint8Array): Promise<StudioError> {
  try {
    compileOnnx(await readOnnx(inputFile('bad.onnx', bytes)), 'bad.onnx');
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('hostile ONNX files', () => {
  it.each(['mobilenet_10.onnx', 'vit_fixed_12.onnx', 'odd_16.onnx'])(
    '%s changed and cut is a StudioError or a model',
    async (name) => {
      const bytes = fixture(name);
      const at = fc.nat({ max: bytes.length - 1 });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(at, fc.nat({ max: 255 })), { maxLength: 10 }),
          fc.option(at),
          async (edits, cut) => {
            const out = bytes.slice();
            for (const [place, value] of edits) out[place] = value;
            await survives(cut === null ? out : out.slice(0, cut));
          },
        ),
        { numRuns: 120, seed: 2, interruptAfterTimeLimit: 20_000 },
      );
    },
  );

  it('names what cannot be run, with its node', async () => {
    const error = await refusal(
      buildOnnx({ nodes: [node('NonZero', ['x'], ['a']), node('Relu', ['a'], ['y'])] }),
    );
    expect(error.code).toBe('format/unsupported');
    expect(error.message).toBe(
      'bad.onnx uses operators that are not supported: NonZero (node NonZero of a).',
    );
  });

  it('refuses cycles, absurd sizes and values from nowhere', async () => {
    const cycle = buildOnnx({ nodes: [node('Add', ['x', 'y'], ['a']), node('Relu', ['a'], ['y'])] });
    expect((await refusal(cycle)).message).toContain('cycle');
    const nowhere = buildOnnx({ nodes: [node('Add', ['x', 'q'], ['y'])] });
    expect((await refusal(nowhere)).message).toContain('which nothing makes');
    const huge = buildOnnx({
      nodes: [node('ConstantOfShape', ['s'], ['c']), node('Add', ['x', 'c'], ['y'])],
      constants: [ints('s', [2 ** 40, 2 ** 20])],
    });
    expect((await refusal(huge)).message).toContain('ConstantOfShape');
    const short = floats('w', [4, 192], [1, 2]);
    expect((await refusal(buildOnnx({ nodes: [node('Relu', ['x'], ['y'])], constants: [short] }))).code).toBe(
      'format/malformed',
    );
    short.dims = [-1n, 4n];
    expect(
      (await refusal(buildOnnx({ nodes: [node('Relu', ['x'], ['y'])], constants: [short] }))).message,
    ).toContain('negative');
  });

  it('refuses deep nesting and a flood of empty parts before anything is made of them', async () => {
    let nested = new Uint8Array(0);
    for (let depth = 0; depth < 300; depth++) {
      const inner = depth % 2 === 0 ? [0x0a] : [0x32];
      nested = Uint8Array.from([...inner, ...varint(nested.length), ...nested]);
    }
    const deep = Uint8Array.from([0x08, 8, 0x3a, ...varint(nested.length), ...nested]);
    await survives(deep);
    const flood = new Uint8Array(5_000_000).fill(0);
    for (let i = 0; i < flood.length; i += 2) flood[i] = 0x0a;
    const file = Uint8Array.from([...[0x08, 8, 0x3a], ...varint(flood.length)]);
    const whole = new Uint8Array(file.length + flood.length);
    whole.set(file);
    whole.set(flood, file.length);
    expect((await refusal(whole)).message).toContain('too many parts');
  });

  it('opens weights beside it, and none that are elsewhere', async () => {
    const model = inputFile('external_13.onnx', fixture('external_13.onnx'));
    await expect(readOnnx(model)).rejects.toMatchObject({ code: 'file/missing' });
    const short = inputFile('external_13.onnx.data', fixture('external_13.onnx.data').slice(0, 1000));
    await expect(readOnnx(model, [short])).rejects.toMatchObject({ code: 'file/truncated' });
    expect(['../a', '/etc/a', 'a/../../b', 'C:\\a', 'a\\b', ''].filter(isSafePath)).toEqual([]);
    expect(isSafePath('weights/a.bin')).toBe(true);
  });
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
