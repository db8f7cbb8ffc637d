import { defineFamily } from './family';
import type { BoundNetwork } from './network';
import {
  readResnetConfiguration,
  residualBlock,
  resnetConvolution,
  resnetDepth,
  resnetStages,
  usualResnet,
  type ResnetConfiguration,
  type ResnetDialect,
  type UsualDepth,
} from './resnet';

const CIFAR: ResnetDialect = { shortcut: 'shortcut', heInit: false };

/**
 * A ResNet for small images (He et al. 2016, in the form CIFAR code bases share; METHODS 5): 3x3 stem without
 * pooling, stages of stride 1, 2, 2, 2, global average pool, one linear layer. The official code ends in an average
 * pool of 4, which at 32x32 is the global one; taking the global one lets any image size in.
 */
export function cifarResnet(
  configuration: ResnetConfiguration,
  inputShape: readonly [number, number, number] = [32, 32, 3],
): BoundNetwork {
  const { stemWidth, classes } = configuration;
  return {
    id: 'cifar-resnet',
    label: `CIFAR ResNet-${resnetDepth(configuration)}, first width ${stemWidth}`,
    inputShape,
    classes,
    forward: (ops, x) => {
      const stem = ops.convNorm(x, 'conv1', 'bn1', resnetConvolution(CIFAR, stemWidth, 3, 1), { relu: true });
      const features = ops.globalAveragePool(resnetStages(ops, stem, configuration, residualBlock(CIFAR)));
      return { output: ops.linear(features, 'linear', classes), features };
    },
  };
}

/** A CIFAR ResNet of a usual depth: stage widths w, 2w, 4w, 8w; bottlenecks put out four times that. */
export function cifarResnetOfDepth(
  depth: UsualDepth,
  width: number,
  classes: number,
  size: readonly [number, number] = [32, 32],
): BoundNetwork {
  return cifarResnet(usualResnet(depth, width, classes), [size[0], size[1], 3]);
}

/** CIFAR ResNets of any depth and width, BasicBlock or Bottleneck, with the keys `shortcut` and `linear`. */
export const cifarResnetFamily = defineFamily({
  id: 'cifar-resnet',
  noun: 'a ResNet',
  role: 'classifier',
  propose: (state) => {
    const configuration = readResnetConfiguration(state);
    return configuration === null ? null : cifarResnet(configuration);
  },
});
