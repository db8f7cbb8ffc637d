import { describe, expect, it } from 'vitest';
import { PURPOSE, RandomStream } from '../../data/random';
import type { StateTensor } from '../../formats/models/stateDict';
import { ARCHITECTURES, architectureById } from './architectures';
import { cifarResnetOfDepth } from './cifarResnet';
import { densenet121, torchvisionDensenet } from './densenet';
import { atInputShape } from './family';
import { initialState } from './initialise';
import { torchvisionMobilenetV2 } from './mobilenetV2Dialects';
import type { BoundNetwork } from './network';
import { drawInit, heNormalInit } from './ops/weightInit';
import { explainUnknown, networkFamilies, recogniseNetwork } from './registry';
import { torchvisionResnetOfDepth } from './torchvisionResnet';
import { isParameter, traceNetwork } from './trace';
import { torchvisionVit } from './vit';

const make = (id: string, width: number | null, classes: number, side: number): BoundNetwork =>
  architectureById(id).make({ width, classes, inputShape: [side, side, 3] });

const stateOf = (bound: BoundNetwork): Map<string, StateTensor> =>
  new Map(initialState(traceNetwork(bound).tensors, 1));

// METHODS 5 counted the official models (10 classes); torchvision publishes the others' counts (1000 classes).
describe('the published sizes', () => {
  const base = { patch: 16, side: 14, features: 768, layers: 12, heads: 12, hidden: 3072, classes: 1000 };
  it.each([
    ['the official VGG-16', make('vgg16', null, 10, 32), 14_719_818],
    ['the official ViT', make('vit', null, 10, 32), 9_622_512],
    ['torchvision ResNet-18', torchvisionResnetOfDepth(18, 64, 1000), 11_689_512],
    ['torchvision ResNet-34', torchvisionResnetOfDepth(34, 64, 1000), 21_797_672],
    ['torchvision ResNet-50', torchvisionResnetOfDepth(50, 64, 1000), 25_557_032],
    ['torchvision VGG-16', make('torchvision-vgg16', null, 1000, 224), 138_357_544],
    ['torchvision VGG-16 with batch-norm', make('torchvision-vgg16-bn', null, 1000, 224), 138_365_992],
    ['torchvision DenseNet-121', torchvisionDensenet(densenet121(32, 1000)), 7_978_856],
    ['torchvision MobileNetV2', torchvisionMobilenetV2(1, 1000), 3_504_872],
    ['torchvision ViT-B/16', torchvisionVit(base), 86_567_656],
  ])('%s', (_, bound, parameters) => {
    expect(traceNetwork(bound).parameters).toBe(parameters);
  });

  it('costs what torchvision says: 1.81, 4.09 and 15.47 thousand million products', () => {
    const macs = (bound: BoundNetwork): number => Math.round(traceNetwork(bound).macs / 1e7) / 100;
    expect(macs(torchvisionResnetOfDepth(18, 64, 1000))).toBe(1.81);
    expect(macs(torchvisionResnetOfDepth(50, 64, 1000))).toBe(4.09);
    expect(macs(make('torchvision-vgg16', null, 1000, 224))).toBe(15.47);
  });
});

describe('architectures to train', () => {
  it.each(ARCHITECTURES.map(({ id }) => id))(
    '%s is recognised from its own weights, and by one family',
    (id) => {
      const bound = make(id, 8, 5, 64);
      const state = stateOf(bound);
      const found = networkFamilies.flatMap((family) => family.recognise(state) ?? []);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ id: bound.id, label: bound.label, classes: 5 });
      // Any tensor that is missing, but a counter, is enough to say no; some of them are tried.
      const some = [...state.keys()].filter((key, i) => i % 29 === 0 && !key.endsWith('tracked'));
      for (const key of some) expect(recogniseNetwork(without(state, key))).toBeNull();
    },
  );

  it('have the published learning rates', () => {
    const rate = (id: string): number => architectureById(id).learningRate;
    expect(['resnet18', 'densenet121', 'vgg16', 'vit'].map(rate)).toEqual([0.1, 0.1, 0.01, 0.001]);
  });

  it('are refused for images that their pools leave nothing of', () => {
    expect(() => make('vgg16', 4, 10, 28)).toThrow(
      'VGG-16 cannot be made for images of 28×28 with 3 channels.',
    );
    expect(() => make('densenet121', 4, 10, 28)).toThrow(/DenseNet-121 cannot be made for images of 28×28/);
    expect(() => make('vit', 64, 10, 30)).toThrow(/patches of 4 .* 30×30/);
    expect(make('vit', 64, 10, 28).inputShape).toEqual([28, 28, 3]);
    expect(make('resnet18', 4, 10, 28).inputShape).toEqual([28, 28, 3]);
    expect(() => architectureById('alexnet')).toThrow(/There is no architecture "alexnet"/);
  });

  it('start their convolutions as their definitions say', () => {
    const state = stateOf(make('vgg16', 16, 10, 32));
    const { data } = state.get('features.28.weight')!;
    const values = Float64Array.from(data);
    // He et al. by outputs: 2 / (9 · 128); 147,456 draws give the variance to 0.4 % (one sigma).
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(variance / (2 / (9 * 128))).toBeGreaterThan(0.98);
    expect(variance / (2 / (9 * 128))).toBeLessThan(1.02);
    expect(state.get('features.28.bias')!.data.every((value) => value === 0)).toBe(true);
    const drawn = new Float32Array(4);
    drawInit(heNormalInit(8), new RandomStream(3, PURPOSE.initialise), drawn);
    const stream = new RandomStream(3, PURPOSE.initialise);
    expect([...drawn]).toEqual(Array.from({ length: 4 }, () => Math.fround(0.5 * stream.normal())));
  });
});

function without(state: ReadonlyMap<string, StateTensor>, key: string): Map<string, StateTensor> {
  const rest = new Map(state);
  rest.delete(key);
  return rest;
}

describe('recognition', () => {
  it('reads the size of the image where the weights tell it', () => {
    expect(recogniseNetwork(stateOf(make('vgg16', 2, 5, 96)))?.inputShape).toEqual([96, 96, 3]);
    expect(recogniseNetwork(stateOf(make('vit', 8, 5, 28)))?.inputShape).toEqual([28, 28, 3]);
    expect(recogniseNetwork(stateOf(make('vit', 16, 5, 224)))?.inputShape).toEqual([224, 224, 3]);
  });

  it('knows torchvision’s older names of a ViT', () => {
    const sizes = { patch: 8, side: 4, features: 16, layers: 2, heads: 2, hidden: 20, classes: 5 };
    const old = new Map(
      [...stateOf(torchvisionVit(sizes))].map(([key, tensor]) => [
        key.replace('mlp.0.', 'mlp.linear_1.').replace('mlp.3.', 'mlp.linear_2.'),
        tensor,
      ]),
    );
    expect(recogniseNetwork(old)).toMatchObject({ id: 'torchvision-vit', inputShape: [32, 32, 3] });
  });

  it('says what an almost known network lacks', () => {
    const state = stateOf(make('densenet121', 8, 5, 64));
    const key = 'features.denseblock3.denselayer7.conv1.weight';
    const { shape } = state.get(key)!;
    state.set(key, { dtype: 'float32', shape: [shape[0]!, 3, 1, 1], data: new Float32Array(shape[0]! * 3) });
    expect(explainUnknown(state, 'm.pth').message).toContain(
      `comes closest to torchvision DenseNet-121, growth 4, but \`${key}\` is [16, 3, 1, 1] where [${shape.join(', ')}] is needed`,
    );
    const distilled = stateOf(make('torchvision-mobilenetv2', 8, 5, 64));
    distilled.set('distillation.weight', { dtype: 'float32', shape: [1], data: new Float32Array(1) });
    expect(explainUnknown(distilled, 'm.pth').message).toContain(
      '`distillation.weight` [1] has no place in it',
    );
  });

  it('does not take a torchvision ResNet with a 3x3 stem, whose stride and pool are anybody’s guess', () => {
    const state = stateOf(torchvisionResnetOfDepth(18, 4, 5));
    state.set('conv1.weight', { dtype: 'float32', shape: [4, 3, 3, 3], data: new Float32Array(108) });
    expect(recogniseNetwork(state)).toBeNull();
    expect(explainUnknown(state, 'm.pth').message).toContain(
      '`conv1.weight` is [4, 3, 3, 3] where [4, 3, 7, 7] is needed',
    );
  });
});

describe('atInputShape', () => {
  it('moves what pools globally to any size, and keeps what is made for one', () => {
    expect(atInputShape(cifarResnetOfDepth(18, 4, 5), [224, 160, 3])?.inputShape).toEqual([224, 160, 3]);
    expect(atInputShape(make('torchvision-vgg16', 2, 5, 224), [32, 32, 3])?.inputShape).toEqual([32, 32, 3]);
    expect(atInputShape(make('vgg16', 2, 5, 32), [64, 64, 3])).toBeNull();
    expect(atInputShape(make('vgg16', 2, 5, 32), [40, 40, 3])?.inputShape).toEqual([40, 40, 3]);
    expect(atInputShape(make('vit', 8, 5, 32), [36, 36, 3])).toBeNull();
    expect(atInputShape(cifarResnetOfDepth(18, 4, 5), [32, 32, 1])).toBeNull();
  });

  it('traces as many learned tensors as the state has', () => {
    const { tensors } = traceNetwork(make('mobilenetv2', 8, 5, 32));
    expect(tensors.filter(({ role }) => isParameter(role)).length).toBeGreaterThan(100);
  });
});
