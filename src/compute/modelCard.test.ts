import { describe, expect, it } from 'vitest';
import type { ModelFile, StateDict } from '../formats/models/stateDict';
import { describeModel } from './modelCard';
import { cifarResnetOfDepth } from './nn/cifarResnet';
import { initialState } from './nn/initialise';
import type { BoundNetwork } from './nn/network';
import { traceNetwork } from './nn/trace';
import { unet } from './nn/unet';

const file = (state: StateDict): ModelFile => ({
  format: 'pth-zip',
  state,
  opaque: ['argparse.Namespace'],
  metadata: { epoch: '150' },
});
const stateOf = (bound: BoundNetwork): StateDict => initialState(traceNetwork(bound).tensors, 1);

describe('describeModel', () => {
  it('says what a classifier is and that it can be defended', () => {
    const card = describeModel(file(stateOf(cifarResnetOfDepth(18, 16, 10))), 'victim.pth', 'ab12');
    expect(card).toMatchObject({
      fileName: 'victim.pth',
      hash: 'ab12',
      format: 'pth-zip',
      architecture: 'cifar-resnet',
      architectureLabel: 'CIFAR ResNet-18, first width 16',
      tensors: 122,
      classes: 10,
      inputShape: [32, 32, 3],
      verdict: 'can-be-defended',
      opaqueObjects: ['argparse.Namespace'],
      metadata: { epoch: '150' },
    });
    // Stem, then 3x3 and 1x1 weights in units of 16 by 16, counted by hand.
    const convolutions = 16 * 27 + 16 * 16 * 9 * (4 + 14 + 56 + 224) + 16 * 16 * (2 + 8 + 32);
    const norms = 2 * 16 * (5 + 2 * 5 + 4 * 5 + 8 * 5);
    expect(card.parameters).toBe(convolutions + norms + 128 * 10 + 10);
    expect(card.layers.length).toBeGreaterThan(40);
  });

  it('says that a UNet is a transform, not a classifier', () => {
    const card = describeModel(file(stateOf(unet(8))), 'transform.pth', '');
    expect(card).toMatchObject({ architecture: 'unet', classes: null, verdict: 'can-only-be-evaluated' });
    expect(card.verdictReason).toContain('REFINE transform');
  });

  it('explains an unknown architecture and still counts its numbers', () => {
    const weight = { dtype: 'float32' as const, shape: [2, 3], data: new Float32Array(6) };
    const state = new Map([
      ['block.weight', weight],
      ['block.running_mean', { ...weight, shape: [6] }],
    ]);
    const card = describeModel(file(state), 'odd.pt', '');
    expect(card).toMatchObject({
      architecture: null,
      parameters: 6,
      tensors: 2,
      verdict: 'unsupported',
      layers: [],
    });
    expect(card.verdictReason).toContain('odd.pt');
  });
});
