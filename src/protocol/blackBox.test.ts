import { describe, expect, it } from 'vitest';
import { surrogateTraining } from './blackBox';
import { parseExperiment } from './experiment';

const experiment = (model: Record<string, unknown>) =>
  parseExperiment({
    version: 1,
    name: 'black',
    model,
    dataset: { path: 'drawn:signs' },
    defense: { kind: 'refine' },
  });

describe('model.blackBox', () => {
  it('fills in the defaults of a distillation and parses to itself', () => {
    const parsed = experiment({ blackBox: { path: 'a.onnx' } });
    expect(parsed.model.blackBox).toMatchObject({
      path: 'a.onnx',
      url: null,
      layout: 'auto',
      output: 'auto',
      encoding: 'float32',
      distil: { architecture: 'resnet18', width: null, batchSize: 128, maxSteps: null },
    });
    expect(parseExperiment(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
    const training = surrogateTraining(parsed.model.blackBox!.distil);
    expect(training).toMatchObject({ augmentation: 'none', initialWeights: null, adaptive: null });
  });

  it.each([
    ['a path beside it', { path: 'a.pth', blackBox: { path: 'a.onnx' } }, /either a path or a training/],
    ['a recipe beside it', { train: {}, blackBox: { path: 'a.onnx' } }, /either a path or a training/],
    ['nothing at all', {}, /either a path or a training/],
    ['neither file nor address', { blackBox: {} }, /path of an ONNX file or a url/],
    ['both', { blackBox: { path: 'a.onnx', url: 'https://example.org' } }, /path of an ONNX file or a url/],
    ['augmentation', { blackBox: { path: 'a', distil: { augmentation: 'flip' } } }, /unknown key/],
  ])('refuses %s', (_what, model, message) => {
    expect(() => experiment(model)).toThrow(message);
  });
});
