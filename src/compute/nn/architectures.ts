import { StudioError } from '../../protocol/errors';
import { cifarResnetOfDepth } from './cifarResnet';
import { densenet121, torchvisionDensenet } from './densenet';
import { atInputShape } from './family';
import { localityVit } from './localityVit';
import { toolboxMobilenetV2, torchvisionMobilenetV2 } from './mobilenetV2Dialects';
import type { ArchitectureDescriptor } from '../../protocol/summaries';
import type { BoundNetwork } from './network';
import { preactResnetOfDepth } from './preactResnet';
import type { UsualDepth } from './resnet';
import { torchvisionResnetOfDepth } from './torchvisionResnet';
import { HEAD_036, vgg, vgg16Groups } from './vgg';

/** What a network is made for. */
export interface ArchitectureSize {
  /** Channels of the first level, features of a ViT's tokens; null: the architecture's own. */
  readonly width: number | null;
  readonly classes: number;
  /** [H, W, 3]. */
  readonly inputShape: readonly [number, number, number];
}

/** An architecture that a victim can be trained as, by the name the experiment file gives it. */
export interface Architecture {
  readonly id: string;
  readonly label: string;
  /** The published learning rate of its SGD recipe: 0.1, but 0.01 for VGG and 0.001 for the ViT (METHODS 2.1, official code). */
  readonly learningRate: number;
  readonly make: (size: ArchitectureSize) => BoundNetwork;
}

/** Adding one is a line here. */
export const ARCHITECTURES: readonly Architecture[] = [
  resnet(18),
  resnet(34),
  resnet(50),
  {
    id: 'preact-resnet18',
    label: 'PreAct ResNet-18 (WaNet, BackdoorBench)',
    // Not among the paper's networks; the other ResNets' rate.
    learningRate: 0.1,
    make: (size) => sized('ResNet', size, preactResnetOfDepth(18, size.width ?? 64, size.classes)),
  },
  {
    id: 'vgg16',
    label: 'VGG-16 without batch-norm',
    learningRate: 0.01,
    make: (size) => sized('VGG-16', size, cifarVgg16(size, false)),
  },
  {
    id: 'vgg16-bn',
    label: 'VGG-16 with batch-norm',
    learningRate: 0.01,
    make: (size) => sized('VGG-16', size, cifarVgg16(size, true)),
  },
  {
    id: 'densenet121',
    label: 'DenseNet-121 (torchvision)',
    learningRate: 0.1,
    // The stem has twice as many channels as a layer adds.
    make: (size) =>
      sized(
        'DenseNet-121',
        size,
        torchvisionDensenet(densenet121(Math.max(1, Math.round((size.width ?? 64) / 2)), size.classes)),
      ),
  },
  {
    id: 'mobilenetv2',
    label: 'MobileNetV2 (backdoor-toolbox)',
    // Not among the paper's networks; batch-norm behind every convolution lets it take the ResNets' rate.
    learningRate: 0.1,
    make: (size) => sized('MobileNetV2', size, toolboxMobilenetV2((size.width ?? 32) / 32, size.classes)),
  },
  { id: 'vit', label: 'ViT for small images', learningRate: 0.001, make: smallVit },
  torchvisionResnets(18),
  torchvisionResnets(34),
  torchvisionResnets(50),
  {
    id: 'torchvision-vgg16',
    label: 'VGG-16 (torchvision)',
    learningRate: 0.01,
    make: (size) => sized('VGG-16', size, torchvisionVgg16(size, false)),
  },
  {
    id: 'torchvision-vgg16-bn',
    label: 'VGG-16 with batch-norm (torchvision)',
    learningRate: 0.01,
    make: (size) => sized('VGG-16', size, torchvisionVgg16(size, true)),
  },
  {
    id: 'torchvision-mobilenetv2',
    label: 'MobileNetV2 (torchvision)',
    learningRate: 0.1,
    make: (size) => sized('MobileNetV2', size, torchvisionMobilenetV2((size.width ?? 32) / 32, size.classes)),
  },
];

function resnet(depth: UsualDepth): Architecture {
  return {
    id: `resnet${depth}`,
    label: `CIFAR ResNet-${depth}`,
    learningRate: 0.1,
    make: (size) => sized('ResNet', size, cifarResnetOfDepth(depth, size.width ?? 64, size.classes)),
  };
}

function torchvisionResnets(depth: UsualDepth): Architecture {
  return {
    id: `torchvision-resnet${depth}`,
    label: `ResNet-${depth} (torchvision)`,
    learningRate: 0.1,
    make: (size) => sized('ResNet', size, torchvisionResnetOfDepth(depth, size.width ?? 64, size.classes)),
  };
}

/** @throws StudioError `experiment/invalid` where nothing is left of images this small behind the network's pools. */
function sized(name: string, { inputShape }: ArchitectureSize, bound: BoundNetwork): BoundNetwork {
  const made = atInputShape(bound, inputShape);
  if (made !== null) return made;
  const [height, width, channels] = inputShape;
  throw new StudioError(
    'experiment/invalid',
    `${name} cannot be made for images of ${width}×${height} with ${channels} channels.`,
    { subject: 'model.train.architecture' },
  );
}

/** One linear layer behind five pools of 2: its inputs depend on the image. */
function cifarVgg16({ width, classes, inputShape }: ArchitectureSize, batchNorm: boolean): BoundNetwork {
  const groups = vgg16Groups(width ?? 64);
  return vgg({ groups, batchNorm, head: { kind: 'single' }, pool: null, classes, inputShape });
}

/** Hidden layers of 4096 at width 64. */
function torchvisionVgg16(
  { width, classes, inputShape }: ArchitectureSize,
  batchNorm: boolean,
): BoundNetwork {
  const hidden = 64 * (width ?? 64);
  return vgg({
    groups: vgg16Groups(width ?? 64),
    batchNorm,
    head: { kind: 'three', ...HEAD_036, hidden: [hidden, hidden], dropout: 0.5 },
    pool: 7,
    classes,
    inputShape,
  });
}

/** The official code's: six layers, 512 features, patches of 4; larger images get patches of 16. */
function smallVit(size: ArchitectureSize): BoundNetwork {
  const features = size.width ?? 512;
  const [height, width] = size.inputShape;
  const patch = height <= 64 ? 4 : 16;
  const heads = features % 64 === 0 ? features / 64 : 8;
  if (height !== width || height % patch !== 0 || features % heads !== 0) {
    throw new StudioError(
      'experiment/invalid',
      `The ViT cuts square images into patches of ${patch} and its width into ${heads} heads: ${width}×${height} at width ${features} does not divide.`,
      { subject: 'model.train.architecture' },
    );
  }
  const sizes = {
    patch,
    side: height / patch,
    features,
    layers: 6,
    heads,
    hidden: features,
    inner: features,
  };
  return sized('The ViT', size, localityVit({ ...sizes, classes: size.classes }));
}

/** @throws StudioError `experiment/invalid` naming the architectures there are. */
export function architectureById(id: string): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.id === id);
  if (found) return found;
  const known = ARCHITECTURES.map((architecture) => architecture.id).join(', ');
  throw new StudioError(
    'experiment/invalid',
    `There is no architecture "${id}" to train; the studio knows ${known}.`,
    { subject: 'model.train.architecture' },
  );
}

/** What the page needs to offer them. */
export function architectureDescriptors(): ArchitectureDescriptor[] {
  return ARCHITECTURES.map(({ id, label, learningRate }) => ({ id, label, learningRate }));
}
