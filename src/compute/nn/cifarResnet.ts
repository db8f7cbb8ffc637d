import type { StateDict } from '../../formats/models/stateDict';
import { defineFamily } from './family';
import type { BoundNetwork, LayerOps } from './network';

/** One stage (`layer1`, `layer2`, ...) of a ResNet. */
export interface ResnetStage {
  readonly blocks: number;
  /** Filters of the stage's 3x3 convolutions. */
  readonly width: number;
  /** Filters of the stage's output: `width`, or the last 1x1 convolution's in bottleneck blocks. */
  readonly outputs: number;
}

/** Everything that tells one CIFAR ResNet from another. */
export interface ResnetConfiguration {
  readonly block: 'basic' | 'bottleneck';
  readonly stemWidth: number;
  readonly stages: readonly ResnetStage[];
  readonly classes: number;
}

const convolution = (filters: number, kernel: 1 | 3, stride: 1 | 2) =>
  ({ filters, kernel, stride, pad: kernel === 3 ? 1 : 0, bias: false }) as const;

/** BasicBlock: 3x3, 3x3, shortcut. Bottleneck: 1x1, 3x3 (which carries the stride), 1x1, shortcut. */
function residualBlock<T>(
  ops: LayerOps<T>,
  x: T,
  key: string,
  kind: ResnetConfiguration['block'],
  stage: ResnetStage,
  stride: 1 | 2,
  projected: boolean,
): T {
  const { width, outputs } = stage;
  const residual = projected
    ? ops.convNorm(x, `${key}.shortcut.0`, `${key}.shortcut.1`, convolution(outputs, 1, stride), {
        relu: false,
      })
    : x;
  const relu = true;
  if (kind === 'basic') {
    const first = ops.convNorm(x, `${key}.conv1`, `${key}.bn1`, convolution(width, 3, stride), { relu });
    return ops.convNorm(first, `${key}.conv2`, `${key}.bn2`, convolution(outputs, 3, 1), { relu, residual });
  }
  const first = ops.convNorm(x, `${key}.conv1`, `${key}.bn1`, convolution(width, 1, 1), { relu });
  const second = ops.convNorm(first, `${key}.conv2`, `${key}.bn2`, convolution(width, 3, stride), { relu });
  return ops.convNorm(second, `${key}.conv3`, `${key}.bn3`, convolution(outputs, 1, 1), { relu, residual });
}

/**
 * A ResNet for small images (He et al. 2016, in the form CIFAR code bases share; METHODS 5): 3x3 stem without
 * pooling, stages of stride 1, 2, 2, 2, global average pool, one linear layer. The official code ends in an average
 * pool of 4, which at 32x32 is the global one; taking the global one lets any image size in.
 */
export function cifarResnet(
  configuration: ResnetConfiguration,
  inputShape: readonly [number, number, number] = [32, 32, 3],
): BoundNetwork {
  const { block, stemWidth, stages, classes } = configuration;
  const blocks = stages.reduce((sum, stage) => sum + stage.blocks, 0);
  const depth = (block === 'basic' ? 2 : 3) * blocks + 2;
  return {
    id: 'cifar-resnet',
    label: `CIFAR ResNet-${depth}, first width ${stemWidth}`,
    inputShape,
    classes,
    forward: (ops, x) => {
      let value = ops.convNorm(x, 'conv1', 'bn1', convolution(stemWidth, 3, 1), { relu: true });
      let channels = stemWidth;
      stages.forEach((stage, index) => {
        for (let i = 0; i < stage.blocks; i++) {
          const stride = index > 0 && i === 0 ? 2 : 1;
          const projected = stride === 2 || channels !== stage.outputs;
          value = residualBlock(ops, value, `layer${index + 1}.${i}`, block, stage, stride, projected);
          channels = stage.outputs;
        }
      });
      const features = ops.globalAveragePool(value);
      return { output: ops.linear(features, 'linear', classes), features };
    },
  };
}

/** Blocks of the four stages of the usual depths. */
const DEPTHS = {
  18: { block: 'basic', blocks: [2, 2, 2, 2] },
  34: { block: 'basic', blocks: [3, 4, 6, 3] },
  50: { block: 'bottleneck', blocks: [3, 4, 6, 3] },
} as const;

/** A CIFAR ResNet of a usual depth: stage widths w, 2w, 4w, 8w; bottlenecks put out four times that. */
export function cifarResnetOfDepth(
  depth: keyof typeof DEPTHS,
  width: number,
  classes: number,
  size: readonly [number, number] = [32, 32],
): BoundNetwork {
  const { block, blocks } = DEPTHS[depth];
  const stages = blocks.map((count, i) => {
    const stageWidth = width * 2 ** i;
    return { blocks: count, width: stageWidth, outputs: block === 'basic' ? stageWidth : 4 * stageWidth };
  });
  return cifarResnet({ block, stemWidth: width, stages, classes }, [size[0], size[1], 3]);
}

function readStage(state: StateDict, stage: number, block: ResnetConfiguration['block']): ResnetStage | null {
  const filters = (name: string): number => state.get(`layer${stage}.0.${name}.weight`)?.shape[0] ?? 0;
  let blocks = 0;
  while (state.has(`layer${stage}.${blocks}.conv1.weight`)) blocks++;
  const width = filters('conv1');
  const outputs = filters(block === 'basic' ? 'conv2' : 'conv3');
  return blocks === 0 || width === 0 || outputs === 0 ? null : { blocks, width, outputs };
}

/** Depth, widths and classes as the keys and shapes give them; null where the telling keys are not there. */
export function readResnetConfiguration(state: StateDict): ResnetConfiguration | null {
  const stemWidth = state.get('conv1.weight')?.shape[0];
  const head = state.get('linear.weight') ?? state.get('fc.weight');
  const classes = head?.shape[0];
  if (!stemWidth || !classes) return null;
  const block = state.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic';
  const stages: ResnetStage[] = [];
  for (
    let stage = readStage(state, 1, block);
    stage !== null;
    stage = readStage(state, stages.length + 1, block)
  ) {
    stages.push(stage);
  }
  return stages.length === 0 ? null : { block, stemWidth, stages, classes };
}

/** CIFAR ResNets of any depth and width, BasicBlock or Bottleneck, with the keys `shortcut` and `linear`. */
export const cifarResnetFamily = defineFamily({
  id: 'cifar-resnet',
  noun: 'a CIFAR ResNet',
  role: 'classifier',
  propose: (state) => {
    const configuration = readResnetConfiguration(state);
    return configuration === null ? null : cifarResnet(configuration);
  },
});
