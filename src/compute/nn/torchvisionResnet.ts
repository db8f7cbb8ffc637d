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

const TORCHVISION: ResnetDialect = { shortcut: 'downsample', heInit: true };

/**
 * A ResNet as torchvision has it (METHODS 5): 7x7 stem of stride 2, max-pool 3 of stride 2, stages, global average
 * pool, `fc`. The stride of a bottleneck lies on its 3x3. Any image size.
 */
export function torchvisionResnet(
  configuration: ResnetConfiguration,
  inputShape: readonly [number, number, number] = [224, 224, 3],
): BoundNetwork {
  const { stemWidth, classes } = configuration;
  return {
    id: 'torchvision-resnet',
    label: `torchvision ResNet-${resnetDepth(configuration)}, first width ${stemWidth}`,
    inputShape,
    classes,
    forward: (ops, x) => {
      const spec = resnetConvolution(TORCHVISION, stemWidth, 7, 2);
      const stem = ops.convNorm(x, 'conv1', 'bn1', spec, { relu: true });
      const pooled = ops.maxPool(stem, 3, 2, 1);
      const features = ops.globalAveragePool(
        resnetStages(ops, pooled, configuration, residualBlock(TORCHVISION)),
      );
      return { output: ops.linear(features, 'fc', classes), features };
    },
  };
}

/** A torchvision ResNet of a usual depth; the published ones have width 64. */
export function torchvisionResnetOfDepth(
  depth: UsualDepth,
  width: number,
  classes: number,
  size: readonly [number, number] = [224, 224],
): BoundNetwork {
  return torchvisionResnet(usualResnet(depth, width, classes), [size[0], size[1], 3]);
}

/** torchvision's ResNets and wide ResNets of any depth and width. */
export const torchvisionResnetFamily = defineFamily({
  id: 'torchvision-resnet',
  noun: 'a ResNet',
  role: 'classifier',
  propose: (state) => {
    const configuration = readResnetConfiguration(state);
    return configuration === null || !state.has('fc.weight') ? null : torchvisionResnet(configuration);
  },
});
