/** The team's real files, which lie outside the checkout; skipped by name where they are absent. */
import { openAsBlob } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sharedPath } from '../../../tests/setup/shared';
import { readLabelMap } from '../exports/labelShuffle';
import { writePth } from '../exports/pthWriter';
import { readModel } from './readModel';
import type { ModelFile, StateDict } from './stateDict';

async function model(path: string): Promise<ModelFile> {
  return readModel({ path, blob: await openAsBlob(path) });
}

const resnet = sharedPath('models/badnets_resnet18_w16.pth');
const resnetTensors = sharedPath('models/badnets_resnet18_w16.safetensors');
const blended = sharedPath('models/blended_resnet18_w16.pth');
const unet = sharedPath('golden/c8/unet_initial.pth');
const unetAfter = sharedPath('golden/c8/unet_after_5_steps.pth');
const shuffle = sharedPath('golden/c8/label_shuffle.pth');
const pattern = sharedPath('data/triggers/CIFAR10_pattern.pth');

/** Tensor by tensor, value by value (a plain loop: `toEqual` takes seconds for millions of numbers). */
function expectSame(got: StateDict, want: StateDict): void {
  for (const [key, { dtype, shape, data }] of want) {
    const other = got.get(key)!;
    expect([key, other.dtype, other.shape, other.data.length]).toEqual([key, dtype, shape, data.length]);
    expect([key, data.findIndex((value: number, i: number) => !Object.is(value, other.data[i]))]).toEqual([
      key,
      -1,
    ]);
  }
}

describe('real files', () => {
  it.skipIf(resnet === null || resnetTensors === null)(
    'the ResNet is the same as .pth and .safetensors',
    async () => {
      const pth = await model(resnet!);
      const tensors = await model(resnetTensors!);
      expect(pth.state.size).toBe(122);
      expect(new Set(pth.state.keys())).toEqual(new Set(tensors.state.keys()));
      expectSame(tensors.state, pth.state);
      expect(pth.state.get('linear.weight')!.shape).toEqual([10, 128]);
      expect(pth.opaque).toEqual([]);
    },
  );

  it.skipIf(blended === null)('the Blended ResNet', async () => {
    expect((await model(blended!)).state.size).toBe(122);
  });

  it.skipIf(unet === null || unetAfter === null)(
    'the official UNets have the 128 keys of METHODS 1.1',
    async () => {
      for (const path of [unet!, unetAfter!]) {
        const { state } = await model(path);
        expect(state.size).toBe(128);
        expect(state.get('inc.double_conv.0.weight')!.shape).toEqual([8, 3, 3, 3]);
        expect(state.get('up1.conv.double_conv.0.weight')!.shape).toEqual([64, 128, 3, 3]);
        const tracked = state.get('outc.conv.bias')!;
        expect([tracked.dtype, tracked.shape]).toEqual(['float32', [3]]);
        const again = await readModel({ path: 'again.pth', blob: new Blob([writePth(state)]) });
        expect([...again.state.keys()]).toEqual([...state.keys()]);
        expectSame(again.state, state);
      }
      const steps = (await model(unetAfter!)).state.get('inc.double_conv.1.num_batches_tracked')!;
      expect([steps.dtype, steps.shape, [...steps.data]]).toEqual(['int64', [], [5]]);
    },
  );

  it.skipIf(shuffle === null)('the official label_shuffle.pth', async () => {
    const file = { path: 'label_shuffle.pth', blob: await openAsBlob(shuffle!) };
    expect(await readLabelMap(file)).toEqual([5, 7, 0, 9, 3, 4, 8, 1, 6, 2]);
  });

  it.skipIf(pattern === null)('a bare tensor: the BadNets pattern', async () => {
    const { state } = await model(pattern!);
    const tensor = state.get('tensor')!;
    expect([state.size, tensor.dtype, tensor.shape]).toEqual([1, 'uint8', [32, 32]]);
    expect(tensor.data.some((value: number) => value !== 0)).toBe(true);
  });
});
