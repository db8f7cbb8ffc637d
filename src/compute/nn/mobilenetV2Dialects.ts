import type { StateDict } from '../../formats/models/stateDict';
import {
  mobilenetFamily,
  mobilenetV2,
  usualMobilenet,
  type MobileBlock,
  type MobilenetDialect,
  type StagePlan,
} from './mobilenetV2';
import type { BoundNetwork } from './network';
import { countKeys, dimension } from './readShapes';

const pair = (conv: string, norm: string) => ({ conv, norm });

/** The strides of the seven stages in backdoor-toolbox, which do not show in the shapes. */
const TOOLBOX_STRIDES = [1, 2, 2, 2, 1, 1, 1] as const;
/** In torchvision. */
const TORCHVISION_STRIDES = [1, 2, 2, 2, 1, 2, 1] as const;
/** In the code base that WaNet and UNICORN share, made for 32 px. */
const CIFAR_STRIDES = [1, 1, 2, 2, 1, 2, 1] as const;

/** backdoor-toolbox: 1x1 stem with padding, biased convolutions, ReLU6, a convolution as head. */
const TOOLBOX: MobilenetDialect = {
  id: 'toolbox-mobilenetv2',
  name: 'backdoor-toolbox MobileNetV2',
  size: 32,
  activation: 'relu6',
  bias: true,
  heInit: false,
  stem: { ...pair('pre.0', 'pre.1'), kernel: 1, stride: 1 },
  pairs: ({ key }) => [
    pair(`${key}.residual.0`, `${key}.residual.1`),
    pair(`${key}.residual.3`, `${key}.residual.4`),
    pair(`${key}.residual.6`, `${key}.residual.7`),
  ],
  last: pair('conv1.0', 'conv1.1'),
  head: 'conv2',
  convolutionalHead: true,
  dropout: 0,
};

/** A stage of one block is the block itself, not a sequence. */
const TOOLBOX_PLAN: StagePlan = {
  key: (stage, block, repeats) => (repeats === 1 ? `stage${stage + 1}` : `stage${stage + 1}.${block}`),
  strides: TOOLBOX_STRIDES,
  alwaysWidens: true,
  projects: false,
};

function readToolbox(state: StateDict): { key: string; stride: 1 | 2; hasWidening: boolean }[] {
  return TOOLBOX_STRIDES.flatMap((stride, stage) => {
    const name = `stage${stage + 1}`;
    if (state.has(`${name}.residual.0.weight`)) return [{ key: name, stride, hasWidening: true }];
    const repeats = countKeys(state, (i) => `${name}.${i}.residual.0.weight`);
    return Array.from({ length: repeats }, (_, i) => ({
      key: `${name}.${i}`,
      stride: i === 0 ? stride : (1 as const),
      hasWidening: true,
    }));
  });
}

/** The code base that WaNet and UNICORN share: 3x3 stem of stride 1, ReLU, projections where stride 1 changes the width. */
const CIFAR: MobilenetDialect = {
  id: 'cifar-mobilenetv2',
  name: 'CIFAR MobileNetV2',
  size: 32,
  activation: 'relu',
  bias: false,
  heInit: false,
  stem: { ...pair('conv1', 'bn1'), kernel: 3, stride: 1 },
  pairs: ({ key }) => [
    pair(`${key}.conv1`, `${key}.bn1`),
    pair(`${key}.conv2`, `${key}.bn2`),
    pair(`${key}.conv3`, `${key}.bn3`),
  ],
  last: pair('conv2', 'bn2'),
  head: 'linear',
  convolutionalHead: false,
  dropout: 0,
};

const CIFAR_PLAN: StagePlan = {
  key: (stage, block) => `layers.${blockIndex(stage, block)}`,
  strides: CIFAR_STRIDES,
  alwaysWidens: true,
  projects: true,
};

/** A block that changes the width has stride 2 exactly where no projection was made for it. */
function readCifar(state: StateDict): { key: string; stride: 1 | 2; hasWidening: boolean }[] {
  let channels = dimension(state, 'conv1.weight', 0);
  const count = countKeys(state, (i) => `layers.${i}.conv3.weight`);
  return Array.from({ length: count }, (_, i) => {
    const key = `layers.${i}`;
    const outputs = dimension(state, `${key}.conv3.weight`, 0);
    const stride = outputs !== channels && !state.has(`${key}.shortcut.0.weight`) ? 2 : 1;
    channels = outputs;
    return { key, stride, hasWidening: true };
  });
}

/** torchvision: 3x3 stem of stride 2, ReLU6, dropout 0.2 in front of the head. */
const TORCHVISION: MobilenetDialect = {
  id: 'torchvision-mobilenetv2',
  name: 'torchvision MobileNetV2',
  size: 224,
  activation: 'relu6',
  bias: false,
  heInit: true,
  stem: { ...pair('features.0.0', 'features.0.1'), kernel: 3, stride: 2 },
  pairs: ({ key, hidden }: MobileBlock) => {
    const at = hidden === null ? 0 : 1;
    return [
      pair(`${key}.conv.0.0`, `${key}.conv.0.1`),
      pair(`${key}.conv.${at}.0`, `${key}.conv.${at}.1`),
      pair(`${key}.conv.${at + 1}`, `${key}.conv.${at + 2}`),
    ];
  },
  last: pair('features.18.0', 'features.18.1'),
  head: 'classifier.1',
  convolutionalHead: false,
  dropout: 0.2,
};

const TORCHVISION_PLAN: StagePlan = {
  key: (stage, block) => `features.${1 + blockIndex(stage, block)}`,
  strides: TORCHVISION_STRIDES,
  alwaysWidens: false,
  projects: false,
};

/** The published repeats of the seven stages. */
const REPEATS = [1, 2, 3, 4, 3, 3, 1] as const;

function blockIndex(stage: number, block: number): number {
  return REPEATS.slice(0, stage).reduce<number>((sum, repeats) => sum + repeats, block);
}

function readTorchvision(state: StateDict): { key: string; stride: 1 | 2; hasWidening: boolean }[] {
  if (!state.has('features.18.0.weight')) return [];
  return REPEATS.flatMap((repeats, stage) =>
    Array.from({ length: repeats }, (_, block) => {
      const key = TORCHVISION_PLAN.key(stage, block, repeats);
      const stride = block === 0 ? (TORCHVISION_STRIDES[stage] ?? 1) : 1;
      return { key, stride, hasWidening: state.has(`${key}.conv.1.0.weight`) };
    }),
  );
}

/** backdoor-toolbox's MobileNetV2; `width` 1 is the published one. */
export function toolboxMobilenetV2(width: number, classes: number): BoundNetwork {
  return mobilenetV2(TOOLBOX, usualMobilenet(TOOLBOX_PLAN, width, classes));
}

/** The MobileNetV2 of CIFAR code bases; `width` 1 is the published one. */
export function cifarMobilenetV2(width: number, classes: number): BoundNetwork {
  return mobilenetV2(CIFAR, usualMobilenet(CIFAR_PLAN, width, classes));
}

/** torchvision's MobileNetV2; `width` 1 is the published one. */
export function torchvisionMobilenetV2(width: number, classes: number): BoundNetwork {
  return mobilenetV2(TORCHVISION, usualMobilenet(TORCHVISION_PLAN, width, classes));
}

/** backdoor-toolbox's MobileNetV2s of any width. */
export const toolboxMobilenetV2Family = mobilenetFamily(TOOLBOX, readToolbox);

/** WaNet's and UNICORN's MobileNetV2s of any width. */
export const cifarMobilenetV2Family = mobilenetFamily(CIFAR, readCifar);

/** torchvision's MobileNetV2s of any width. */
export const torchvisionMobilenetV2Family = mobilenetFamily(TORCHVISION, readTorchvision);
