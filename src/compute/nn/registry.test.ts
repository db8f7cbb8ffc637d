import { describe, expect, it } from 'vitest';
import type { StateDict, StateTensor } from '../../formats/models/stateDict';
import { cifarResnet, cifarResnetOfDepth } from './cifarResnet';
import { initialState } from './initialise';
import type { BoundNetwork } from './network';
import { explainUnknown, familyOf, recogniseNetwork } from './registry';
import { traceNetwork } from './trace';
import { unet } from './unet';

const stateOf = (bound: BoundNetwork): Map<string, StateTensor> =>
  new Map(initialState(traceNetwork(bound).tensors, 1));

const zeros = (...shape: number[]): StateTensor => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});

describe('recogniseNetwork', () => {
  it.each([
    [cifarResnetOfDepth(18, 16, 10), 'CIFAR ResNet-18, first width 16', 10],
    [cifarResnetOfDepth(34, 4, 43), 'CIFAR ResNet-34, first width 4', 43],
    [cifarResnetOfDepth(50, 4, 100), 'CIFAR ResNet-50, first width 4', 100],
    [unet(5), 'UNet, 5 first channels', null],
  ])('reads depth, width and classes from keys and shapes: %#', (bound, label, classes) => {
    expect(recogniseNetwork(stateOf(bound))).toMatchObject({ label, classes, id: bound.id });
  });

  it('reads any block counts and widths', () => {
    const stages = [
      { blocks: 1, width: 5, outputs: 7 },
      { blocks: 3, width: 6, outputs: 6 },
      { blocks: 2, width: 9, outputs: 11 },
    ];
    const bound = cifarResnet({ block: 'basic', stemWidth: 3, stages, classes: 4 });
    expect(recogniseNetwork(stateOf(bound))?.label).toBe('CIFAR ResNet-14, first width 3');
  });

  it('lets num_batches_tracked be missing, and nothing else', () => {
    const state = stateOf(cifarResnetOfDepth(18, 2, 10));
    for (const key of state.keys()) if (key.endsWith('num_batches_tracked')) state.delete(key);
    expect(recogniseNetwork(state)).not.toBeNull();
    state.delete('layer3.1.bn2.running_var');
    expect(recogniseNetwork(state)).toBeNull();
  });

  it('finds the family of what it recognised', () => {
    expect(familyOf(unet(3))?.role).toBe('transform');
    expect(familyOf(cifarResnetOfDepth(18, 2, 2))?.role).toBe('classifier');
  });
});

describe('explainUnknown', () => {
  const explain = (state: StateDict) => explainUnknown(state, 'model.pth');

  it('names the closest network and the first key of another shape', () => {
    const state = stateOf(cifarResnetOfDepth(18, 4, 10));
    state.set('layer2.0.conv2.weight', zeros(8, 8, 5, 5));
    const error = explain(state);
    expect(error.code).toBe('model/shape-mismatch');
    expect(error.message).toBe(
      'model.pth is no architecture the studio can run: it comes closest to CIFAR ResNet-18, first width 4, but ' +
        '`layer2.0.conv2.weight` is [8, 8, 5, 5] where [8, 8, 3, 3] is needed.',
    );
  });

  it('tells an ImageNet ResNet from a CIFAR one by its stem', () => {
    const state = stateOf(cifarResnetOfDepth(18, 4, 10));
    state.set('conv1.weight', zeros(4, 3, 7, 7));
    expect(explain(state).message).toContain('`conv1.weight` is [4, 3, 7, 7] where [4, 3, 3, 3] is needed');
  });

  it('names what is missing and what is too much', () => {
    const missing = stateOf(unet(3));
    missing.delete('outc.conv.bias');
    expect(explain(missing).message).toContain(
      'closest to UNet, 3 first channels, but `outc.conv.bias` [3] is missing',
    );
    expect(explain(missing).code).toBe('model/unknown-architecture');
    const extra = stateOf(unet(3));
    extra.set('attention.weight', zeros(2, 2));
    expect(explain(extra).message).toContain('`attention.weight` [2, 2] has no place in it');
  });

  it('has a sentence for keys of no known network, and for none at all', () => {
    const other = new Map([['encoder.0.weight', zeros(4, 3, 3, 3)]]);
    expect(explain(other)).toMatchObject({ code: 'model/unknown-architecture', subject: 'model.pth' });
    expect(explain(other).message).toContain('1 tensors, the first `encoder.0.weight`,');
    expect(explain(other).message).toContain(
      "the keys of a ResNet, a VGG, a DenseNet, a MobileNetV2, a ViT or REFINE's UNet, which are",
    );
    expect(explain(new Map()).message).toContain('no tensors');
  });
});
