import type { StateDict } from '../../formats/models/stateDict';
import { defineFamily } from './family';
import type { BoundNetwork, ConvSpec, LayerOps } from './network';
import {
  readResnetConfiguration,
  resnetDepth,
  resnetStages,
  usualResnet,
  type ResnetConfiguration,
  type ResnetStage,
  type UsualDepth,
} from './resnet';

const convolution = (filters: number, kernel: 1 | 3, stride: 1 | 2): ConvSpec => ({
  filters,
  kernel,
  stride,
  pad: (kernel - 1) / 2,
  bias: false,
});

/** Batch-norm and ReLU in front of every convolution; the projection takes what the first of them gives. */
function preactBlock<T>(
  ops: LayerOps<T>,
  x: T,
  key: string,
  kind: ResnetConfiguration['block'],
  { width, outputs }: ResnetStage,
  stride: 1 | 2,
  projected: boolean,
): T {
  const relu = true;
  const normed = ops.norm(x, `${key}.bn1`, relu);
  const basic = kind === 'basic';
  const entry = convolution(width, basic ? 3 : 1, basic ? stride : 1);
  let value = ops.convNorm(normed, `${key}.conv1`, `${key}.bn2`, entry, { relu });
  if (basic) value = ops.conv(value, `${key}.conv2`, convolution(outputs, 3, 1));
  else {
    value = ops.convNorm(value, `${key}.conv2`, `${key}.bn3`, convolution(width, 3, stride), { relu });
    value = ops.conv(value, `${key}.conv3`, convolution(outputs, 1, 1));
  }
  const shortcut = projected ? ops.conv(normed, `${key}.shortcut.0`, convolution(outputs, 1, stride)) : x;
  return ops.add(value, shortcut);
}

/**
 * A ResNet with pre-activation blocks (He et al. 2016, "Identity mappings"), in the form that WaNet and BackdoorBench train
 * on small images: plain 3x3 stem, a projection without batch-norm, no normalisation behind the last block. Any image size.
 */
function preactResnet(
  configuration: ResnetConfiguration,
  inputShape: readonly [number, number, number] = [32, 32, 3],
): BoundNetwork {
  const { stemWidth, classes } = configuration;
  return {
    id: 'preact-resnet',
    label: `PreAct ResNet-${resnetDepth(configuration)}, first width ${stemWidth}`,
    inputShape,
    classes,
    forward: (ops, x) => {
      const stem = ops.conv(x, 'conv1', convolution(stemWidth, 3, 1));
      const features = ops.globalAveragePool(resnetStages(ops, stem, configuration, preactBlock));
      return { output: ops.linear(features, 'linear', classes), features };
    },
  };
}

/** A PreAct ResNet of a usual depth; the published ones have width 64. */
export function preactResnetOfDepth(depth: UsualDepth, width: number, classes: number): BoundNetwork {
  return preactResnet(usualResnet(depth, width, classes));
}

/** Without the normalisation behind the stem that other ResNets have. */
function propose(state: StateDict): BoundNetwork | null {
  const configuration = state.has('bn1.weight') ? null : readResnetConfiguration(state);
  return configuration === null || !state.has('linear.weight') ? null : preactResnet(configuration);
}

/** PreAct ResNets of any depth and width. */
export const preactResnetFamily = defineFamily({
  id: 'preact-resnet',
  noun: 'a ResNet',
  role: 'classifier',
  propose,
});
