import { parseExperiment } from '../../src/protocol/experiment';
import type {
  DatasetReady,
  DeviceReady,
  ModelReady,
  SampleGrid,
  TsneResult,
} from '../../src/protocol/messages';
import { type Evaluation, rate } from '../../src/protocol/results';
import type {
  DecodedReport,
  LayerSummary,
  TensorStatistics,
  TransformImagesSummary,
} from '../../src/protocol/summaries';
import { FAKE_ARCHITECTURES, FAKE_ATTACKS } from './attacks';
import { FAKE_CLASSES, fakeStrip, stream } from './pictures';

/** Invented answers for tests and for the page of `tests/fakes`; no figure here was ever measured. */

export function fakeDevice(software: boolean): DeviceReady {
  return {
    adapter: {
      name: software ? 'SwiftShader Device' : 'Fake GPU 9000',
      vendor: software ? 'google' : 'fake',
      architecture: software ? 'swiftshader' : 'invented',
      software,
      features: ['shader-f16'],
      maxBindingBytes: 2 ** 31,
      maxBufferBytes: 2 ** 32,
    },
    architectures: FAKE_ARCHITECTURES,
    attacks: FAKE_ATTACKS,
    kernels: {
      active: ['conv2d', 'conv2dBackpropFilter'],
      disabled: software
        ? [{ name: 'batchNorm', reason: 'its self-check differed from the reference by 3e-3' }]
        : [],
    },
  };
}

function fakeLayers(): LayerSummary[] {
  const layers: LayerSummary[] = [
    { name: 'conv1', kind: 'Conv2d 3×3', outputShape: [32, 32, 8], parameters: 216 },
  ];
  for (let stage = 1; stage <= 4; stage += 1) {
    for (let block = 0; block < 2; block += 1) {
      const width = 8 * 2 ** (stage - 1);
      const side = 32 / 2 ** (stage - 1);
      for (const name of ['conv1', 'bn1', 'conv2', 'bn2']) {
        layers.push({
          name: `layer${stage}.${block}.${name}`,
          kind: name.startsWith('conv') ? 'Conv2d 3×3' : 'BatchNorm2d',
          outputShape: [side, side, width],
          parameters: name.startsWith('conv') ? width * width * 9 : width * 2,
        });
      }
    }
  }
  return [...layers, { name: 'linear', kind: 'Linear', outputShape: [10], parameters: 650 }];
}

export function fakeModel(fileName = 'badnets_signs_resnet18.pth'): ModelReady {
  return {
    summary: {
      fileName,
      hash: '9f2c1e77a1b3045d8e6f90aa6e2d41c5b7f0d3e2a1987c6b5a4f3e2d1c0b9a88',
      format: 'PyTorch state_dict (zip)',
      architecture: 'cifar-resnet',
      architectureLabel: 'CIFAR ResNet-18, first width 8',
      parameters: 175_258,
      tensors: 122,
      classes: 10,
      inputShape: [32, 32, 3],
      layers: fakeLayers(),
      verdict: 'can-be-defended',
      verdictReason: 'Its keys fit a CIFAR ResNet-18, its weights are finite and its input is 32×32 RGB.',
      opaqueObjects: [],
      metadata: {},
    },
  };
}

export function fakeDataset(name = 'drawn signs', path: string | null = 'drawn:signs'): DatasetReady {
  const random = stream(5);
  const per = FAKE_CLASSES.map(() => 560 + Math.round(random() * 80));
  const train = per.reduce((sum, count) => sum + count, 0);
  return {
    summary: {
      name,
      path,
      format: 'Drawn by the project',
      classNames: FAKE_CLASSES,
      height: 32,
      width: 32,
      trainCount: train,
      testCount: 2000,
      labelled: true,
      trainPerClass: per,
      testPerClass: FAKE_CLASSES.map(() => 200),
      mean: [0.4812, 0.4521, 0.4407],
      std: [0.2311, 0.2284, 0.2399],
      statisticsSample: 2000,
      decodedBytes: (train + 2000) * 32 * 32 * 3,
    },
    preview: fakeStrip(
      Array.from({ length: 40 }, (_, index) => index % 10),
      3,
    ),
  };
}

export function fakeTransformImages(path: string, files: number): TransformImagesSummary {
  return {
    path,
    format: files > 1 ? 'image-folder' : 'image-zip',
    count: 90_000,
    height: 64,
    width: 64,
    labelled: true,
    notes: [],
  };
}

export function fakeDecoded(): DecodedReport {
  const store = { count: 18_000, sizeBytes: 2_709_504_000, open: false };
  return {
    available: true,
    capBytes: 20e9,
    stores: [
      { ...store, id: 'a', name: 'street signs, 224 px', usedAt: Date.now() - 60_000, open: true },
      {
        ...store,
        id: 'b',
        name: 'imagenet-50',
        usedAt: Date.now() - 5 * 86_400_000,
        sizeBytes: 9_784_320_000,
      },
    ],
  };
}

export const fakeExperiment = () =>
  parseExperiment({
    version: 1,
    name: 'demo signs',
    model: { path: 'badnets_signs_resnet18.pth' },
    dataset: { path: 'drawn:signs' },
    attack: { kind: 'badnets', target: 0, options: { size: 3 } },
    defense: {
      kind: 'refine',
      recipe: 'paper',
      firstChannels: 8,
      batchSize: 64,
      epochs: 30,
      maxSteps: 600,
      optimizer: { kind: 'adam', learningRate: 0.01 },
      schedule: { kind: 'onecycle', maxLearningRate: 0.01 },
    },
    evaluate: { everyEpochs: 1 },
  });

/** An evaluation somewhere between no defence (0) and a good one (1). */
export function fakeEvaluation(progress: number, defended: boolean, trigger = true): Evaluation {
  const clean = 2000;
  const accuracy = defended ? 0.15 + 0.83 * (1 - Math.exp(-4 * progress)) : 0.998;
  const attack = defended ? 0.02 + 0.4 * Math.exp(-9 * progress) : 0.997;
  const matrix = (share: number, target: number | null) =>
    FAKE_CLASSES.flatMap((_, row) =>
      FAKE_CLASSES.map((__, column) => {
        if (target !== null)
          return column === target
            ? Math.round(200 * share)
            : column === row
              ? Math.round(200 * (1 - share))
              : 0;
        const off = Math.round((200 * (1 - share)) / 9);
        return row === column ? 200 - off * 9 : off;
      }),
    );
  return {
    benignAccuracy: rate(Math.round(clean * accuracy), clean),
    attackSuccessRate: trigger ? rate(Math.round(1800 * attack), 1800) : null,
    landsAtMapOfTarget: trigger
      ? rate(Math.round(1600 * (defended ? 0.011 + 0.2 * Math.exp(-6 * progress) : 0.001)), 1600)
      : null,
    triggeredTrueLabelAccuracy: trigger
      ? rate(Math.round(1800 * (defended ? accuracy - 0.02 : 0.003)), 1800)
      : null,
    agreementWithOriginal: defended ? rate(Math.round(clean * (accuracy - 0.01)), clean) : null,
    confusion: matrix(accuracy, null),
    confusionTriggered: trigger ? matrix(defended ? accuracy - 0.02 : 0.997, defended ? null : 0) : null,
  };
}

/** The grid of one step: the triggered row falls for the target until the defence holds. */
export function fakeGrid(step: number, total: number): SampleGrid {
  const labels = Array.from({ length: 10 }, (_, index) => index);
  const random = stream(step + 3);
  const skill = 1 - Math.exp((-4 * step) / total);
  const guess = (label: number) => (random() < skill ? label : Math.floor(random() * 10));
  const confidences = () => labels.map(() => 0.55 + random() * 0.44);
  return {
    step,
    labels,
    rows: [
      { kind: 'clean', images: fakeStrip(labels, 9), predictions: labels, confidences: confidences() },
      {
        kind: 'triggered',
        images: fakeStrip(labels, 9, 'triggered'),
        predictions: labels.map((l) => (l === 7 ? 7 : 0)),
        confidences: confidences(),
      },
      {
        kind: 'transformed-clean',
        images: fakeStrip(labels, 9 + step, 'transformed'),
        predictions: labels.map(guess),
        confidences: confidences(),
      },
      {
        kind: 'transformed-triggered',
        images: fakeStrip(labels, 11 + step, 'transformed'),
        predictions: labels.map(guess),
        confidences: confidences(),
      },
    ],
  };
}

export function fakeTsne(points: number, step: number): TsneResult {
  const random = stream(points + step);
  const gauss = () => Math.sqrt(-2 * Math.log(random() + 1e-9)) * Math.cos(6.283 * random());
  const before = new Float32Array(points * 2);
  const after = new Float32Array(points * 2);
  const labels = new Int32Array(points);
  const triggered = new Uint8Array(points);
  for (let index = 0; index < points; index += 1) {
    const label = index % 10;
    const bad = index % 2;
    labels[index] = label;
    triggered[index] = bad;
    const angle = label * 0.628;
    const at = bad ? [46, 34] : [30 * Math.cos(angle), 26 * Math.sin(angle)];
    before[index * 2] = (at[0] ?? 0) + gauss() * 3;
    before[index * 2 + 1] = (at[1] ?? 0) + gauss() * 3;
    after[index * 2] = 34 * Math.cos(angle + 0.3) + gauss() * 3.4;
    after[index * 2 + 1] = 30 * Math.sin(angle + 0.3) + gauss() * 3.4;
  }
  return { step, before, after, labels, triggered, points, klDivergence: 1.234, seconds: 2.1 };
}

/** Statistics of a few tensors, one of them damaged. */
export function fakeTensors(): TensorStatistics[] {
  const tensor = (name: string, shape: readonly number[], std: number, notNumbers = 0): TensorStatistics => ({
    name,
    dtype: 'float32',
    shape,
    count: shape.reduce((product, side) => product * side, 1),
    min: -3.2 * std,
    max: 3.4 * std,
    mean: std / 97,
    std,
    zeroShare: 0,
    notNumbers,
    infinite: 0,
  });
  return [
    tensor('conv1.weight', [16, 3, 3, 3], 0.31),
    tensor('bn1.running_var', [16], 0.004),
    tensor('layer1.0.conv1.weight', [16, 16, 3, 3], 0.08),
    tensor('layer4.1.conv2.weight', [128, 128, 3, 3], 0.02, 3),
    tensor('linear.weight', [10, 128], 0.12),
    tensor('linear.bias', [10], 0.05),
  ];
}
