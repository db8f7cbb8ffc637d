import { describe, expect, it } from 'vitest';
import { cifarResnetOfDepth } from '../../compute/nn/cifarResnet';
import { initialState } from '../../compute/nn/initialise';
import type { BoundNetwork } from '../../compute/nn/network';
import { traceNetwork } from '../../compute/nn/trace';
import { unet } from '../../compute/nn/unet';
import { writePth } from '../../formats/exports/pthWriter';
import { describeWeights, requireClassifier, requireTransform } from './weightsFiles';

const stateOf = (bound: BoundNetwork) => initialState(traceNetwork(bound).tensors, 5);
const fileOf = (path: string, bound: BoundNetwork) => ({ path, blob: new Blob([writePth(stateOf(bound))]) });
const resnet = (width: number) => cifarResnetOfDepth(18, width, 10);

describe('files of weights', () => {
  it('are named for what they hold', async () => {
    expect(await describeWeights(fileOf('t.pth', unet(4)))).toMatchObject({
      path: 't.pth',
      firstChannels: 4,
    });
    const classifier = await describeWeights(fileOf('c.pth', resnet(2)));
    expect(classifier).toEqual({ path: 'c.pth', label: resnet(2).label, firstChannels: null });
    const other = new Map([['x', { dtype: 'float32', shape: [1], data: Float32Array.of(1) } as const]]);
    const unknown = { path: 'x.pth', blob: new Blob([writePth(other)]) };
    expect(await describeWeights(unknown)).toEqual({ path: 'x.pth', label: null, firstChannels: null });
    await expect(describeWeights({ path: 'p.pth', blob: new Blob(['<html>404']) })).rejects.toMatchObject({
      code: 'file/foreign',
    });
  });

  it('start a transform of their own width alone', () => {
    expect(() => requireTransform(stateOf(unet(4)), 't.pth', 4)).not.toThrow();
    expect(() => requireTransform(stateOf(unet(4)), 't.pth', 8)).toThrow(
      'The transform cannot start from t.pth: its first channels are 4, and this transform’s 8.',
    );
    expect(() => requireTransform(stateOf(resnet(2)), 'c.pth', 8)).toThrow(
      `The transform cannot start from c.pth: it holds the weights of ${resnet(2).label}, not a transform’s.`,
    );
    expect(() => requireTransform(new Map(), 'x.pth', 8)).toThrow('of no network that the studio knows');
  });

  it('start a classifier of their own shape alone', () => {
    expect(() => requireClassifier(stateOf(resnet(2)), 'c.pth', resnet(2))).not.toThrow();
    expect(() => requireClassifier(stateOf(resnet(4)), 'c.pth', resnet(2))).toThrow(
      /^The classifier \(.*ResNet-18.*\) cannot start from c\.pth: `conv1\.weight` is \[4, 3, 3, 3\] where \[2, 3, 3, 3\] is needed\.$/,
    );
  });
});
