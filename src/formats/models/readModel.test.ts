import { describe, expect, it } from 'vitest';
import {
  type Described,
  expectedGroup,
  fixture,
  fixtureBytes,
  inputOf,
} from '../../../tests/fixtures/formats/load';
import { readModel } from './readModel';
import type { StateDict } from './stateDict';

function describeState(state: StateDict): Record<string, Described> {
  return Object.fromEntries(
    [...state].map(([key, { dtype, shape, data }]) => {
      let sum = 0;
      let weighted = 0;
      data.forEach((value: number, i: number) => {
        sum += value;
        weighted += value * (i + 1);
      });
      return [key, { dtype, shape: [...shape], sum, weighted, first: [...data.slice(0, 3)] }];
    }),
  );
}

function expectState(state: StateDict, group: string): void {
  const expected = expectedGroup(group);
  const got = describeState(state);
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const [key, want] of Object.entries(expected)) {
    const have = got[key]!;
    expect([key, have.dtype, have.shape]).toEqual([key, want.dtype, want.shape]);
    expect([key, have.first]).toEqual([key, want.first]);
    const scale = Math.max(1, Math.abs(want.sum), Math.abs(want.weighted));
    expect(Math.abs(have.sum - want.sum) / scale, key).toBeLessThan(1e-12);
    expect(Math.abs(have.weighted - want.weighted) / scale, key).toBeLessThan(1e-12);
  }
}

describe('files written by PyTorch and numpy', () => {
  it.each([
    ['state_zip.pth', 'pth-zip', 'small'],
    ['state_deflated.pth', 'pth-zip', 'small'],
    ['state_legacy.pth', 'pth-legacy', 'small'],
    ['module_zip.pth', 'pth-zip', 'small'],
    ['module_legacy.pth', 'pth-legacy', 'small'],
    ['torchscript.pt', 'pth-zip', 'small'],
    ['wanet.pth', 'pth-zip', 'small'],
    ['checkpoint_module.pth', 'pth-zip', 'small'],
    ['mixed_zip.pth', 'pth-zip', 'mixed'],
    ['mixed_legacy.pth', 'pth-legacy', 'mixed'],
    ['mixed.safetensors', 'safetensors', 'mixed'],
    ['big_endian.pth', 'pth-zip', 'big_endian'],
    ['numpy_weights.pkl', 'pickle', 'numpy_weights'],
  ])('%s holds what numpy says', async (name, format, group) => {
    const model = await readModel(fixture(name));
    expect(model.format).toBe(format);
    expectState(model.state, group);
  });

  it('goes by content, whatever the name', async () => {
    const renamed = inputOf(fixtureBytes('mixed.safetensors'), 'model.pth');
    expect((await readModel(renamed)).format).toBe('safetensors');
  });

  it('keeps the scalars beside a wrapped state_dict and lists what it did not run', async () => {
    const model = await readModel(fixture('checkpoint_module.pth'));
    expect(model.metadata).toEqual({ epoch: '7', acc: '91.25', arch: 'small', best: 'true', width: '4' });
    expect(model.opaque).toEqual(['argparse.Namespace']);
  });

  it('names the classes of a whole module and takes its tensors out', async () => {
    const model = await readModel(fixture('module_zip.pth'));
    expect(model.opaque).toContain('torch.nn.modules.conv.Conv2d');
    expect(model.opaque).toContain('__main__.Small');
    expect([...model.state.keys()]).not.toContain('scratch');
  });

  it('keeps the metadata of safetensors', async () => {
    const model = await readModel(fixture('mixed.safetensors'));
    expect(model.metadata).toEqual({ format: 'pt', note: 'made by make.py' });
  });

  it('gives shared storages each their own values', async () => {
    const { state } = await readModel(fixture('mixed_zip.pth'));
    state.get('shared_whole')!.data.fill(99);
    expect([...state.get('shared_middle')!.data]).toEqual([-1, 0, 1, 2]);
    expect([...state.get('expanded')!.data]).toEqual([1.5, -2.5, 1.5, -2.5, 1.5, -2.5]);
    expect([...state.get('i64')!.data]).toEqual([1, -2, 2 ** 40, -(2 ** 52)]);
  });
});

describe('files that are no model', () => {
  const cases: [string, Uint8Array<ArrayBuffer> | string, string, RegExp][] = [
    ['empty.pth', '', 'file/empty', /empty/],
    ['page.pth', '<!DOCTYPE html><html><body>404</body></html>', 'file/foreign', /HTML page/],
    [
      'pointer.pth',
      'version https://git-lfs.github.com/spec/v1\noid sha256:1234\nsize 5\n',
      'file/foreign',
      /Git LFS/,
    ],
    ['image.pth', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0xd, 0xa, 0x1a, 0xa, 0, 0]), 'file/foreign', /PNG/],
    ['text.pth', 'hello there', 'file/unrecognised', /plain text/],
    ['labels.pth', fixtureBytes('label_shuffle.pth'), 'file/foreign', /numpy array of shape \[10\]/],
    ['map.pth', '[1,0]', 'file/foreign', /JSON/],
    ['half.pth', fixtureBytes('state_zip.pth').slice(0, 2000), 'file/truncated', /cut off/],
    ['half.safetensors', fixtureBytes('mixed.safetensors').slice(0, 900), 'file/truncated', /cut off/],
    ['most.safetensors', fixtureBytes('mixed.safetensors').slice(0, -1), 'file/truncated', /cut off/],
    ['most.pth', fixtureBytes('state_legacy.pth').slice(0, -1), 'file/truncated', /cut off/],
  ];
  it.each(cases)('%s: one sentence with its name', async (name, content, code, text) => {
    const failure = readModel(inputOf(content, name));
    await expect(failure).rejects.toMatchObject({ name: 'StudioError', code, subject: name });
    await expect(failure).rejects.toThrow(text);
    await expect(failure).rejects.toThrow(name);
  });

  it.each([
    ['evil_system.pth', /(posix|os|nt)\.system/],
    ['evil_nested.pth', /eval/],
    ['evil_protocol0.pth', /exec/],
    ['evil_protocol4.pth', /exec/],
  ])('%s is refused and the code named', async (name, text) => {
    const failure = readModel(fixture(name));
    await expect(failure).rejects.toMatchObject({ code: 'format/forbidden-opcode', subject: name });
    await expect(failure).rejects.toThrow(text);
  });
});
