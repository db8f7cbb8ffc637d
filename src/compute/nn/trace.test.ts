import { describe, expect, it } from 'vitest';
import { cifarResnetOfDepth } from './cifarResnet';
import { isParameter, traceNetwork } from './trace';
import { unet } from './unet';

// Counts: METHODS 1.1 and 5, which counted the official models.
describe('traceNetwork', () => {
  it.each([
    [16, 1_082_067],
    [32, 4_320_675],
    [48, 9_715_827],
    [64, 17_267_523],
    [80, 26_975_763],
  ])('counts the parameters of UNetLittle(%i)', (firstChannels, parameters) => {
    const trace = traceNetwork(unet(firstChannels));
    expect(trace.tensors).toHaveLength(128);
    expect(trace.parameters).toBe(parameters);
    expect(trace.outputShape).toEqual([32, 32, 3]);
    expect(trace.featureShape).toBeNull();
  });

  it.each([
    [16, 39],
    [32, 157],
    [64, 625],
  ])('counts the multiplications of UNetLittle(%i) at 32x32', (firstChannels, millions) => {
    expect(Math.round(traceNetwork(unet(firstChannels)).macs / 1e6)).toBe(millions);
  });

  it.each([
    [18, 122, 11_173_962, 512],
    [50, 320, 23_520_842, 2048],
  ] as const)(
    'counts tensors and parameters of the CIFAR ResNet-%i',
    (depth, tensors, parameters, features) => {
      const trace = traceNetwork(cifarResnetOfDepth(depth, 64, 10));
      expect(trace.tensors).toHaveLength(tensors);
      expect(trace.parameters).toBe(parameters);
      expect(trace.featureShape).toEqual([features]);
      expect(trace.outputShape).toEqual([10]);
    },
  );

  it('names the tensors of a block in the order PyTorch registers them, shortcut last', () => {
    const names = traceNetwork(cifarResnetOfDepth(50, 4, 10)).tensors.map(({ name }) => name);
    const block = names.filter((name) => name.startsWith('layer2.0.') && name.endsWith('.weight'));
    const modules = ['conv1', 'bn1', 'conv2', 'bn2', 'conv3', 'bn3', 'shortcut.0', 'shortcut.1'];
    expect(block).toEqual(modules.map((module) => `layer2.0.${module}.weight`));
    expect(names.indexOf('layer2.1.conv1.weight')).toBeGreaterThan(names.indexOf('layer2.0.shortcut.1.bias'));
  });

  it('lists layers with output shapes, and their parameters add up', () => {
    const trace = traceNetwork(cifarResnetOfDepth(18, 8, 43, [48, 48]));
    expect(trace.layers[0]).toEqual({
      name: 'conv1',
      kind: 'Conv 3×3',
      outputShape: [48, 48, 8],
      parameters: 216,
    });
    expect(trace.layers.at(-1)).toMatchObject({ name: 'linear', kind: 'Linear', outputShape: [43] });
    expect(trace.layers.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(trace.parameters);
    expect(trace.layers.find(({ name }) => name === 'layer4.0.conv1')?.outputShape).toEqual([6, 6, 64]);
  });

  it('gives a padded size where the image is no multiple of 16', () => {
    const trace = traceNetwork(unet(4, [20, 28]));
    expect(trace.outputShape).toEqual([20, 28, 3]);
    expect(trace.layers.filter(({ kind }) => kind === 'Zero pad')).toHaveLength(2);
  });

  it('knows which tensors are learned', () => {
    const learned = traceNetwork(unet(8)).tensors.filter(({ role }) => isParameter(role));
    expect(learned).toHaveLength(74);
  });
});
