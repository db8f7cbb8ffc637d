import type { StateDict } from '../../formats/models/stateDict';
import type { ConvSpec, LayerOps } from './network';
import { heNormalInit } from './ops/weightInit';
import { countKeys, dimension } from './readShapes';

/** One stage (`layer1`, `layer2`, ...) of a ResNet. */
export interface ResnetStage {
  readonly blocks: number;
  /** Filters of the stage's 3x3 convolutions. */
  readonly width: number;
  /** Filters of the stage's output: `width`, or the last 1x1 convolution's in bottleneck blocks. */
  readonly outputs: number;
}

/** Everything that tells one ResNet from another of its kind. */
export interface ResnetConfiguration {
  readonly block: 'basic' | 'bottleneck';
  readonly stemWidth: number;
  readonly stages: readonly ResnetStage[];
  readonly classes: number;
}

/** What the two code bases differ in besides the stem. */
export interface ResnetDialect {
  /** Module name of a block's projection. */
  readonly shortcut: string;
  /** Whether convolutions start as He et al. 2015 (by outputs), not as PyTorch's default. */
  readonly heInit: boolean;
}

/** A convolution without bias that keeps the size at stride 1. */
export function resnetConvolution(
  dialect: ResnetDialect,
  filters: number,
  kernel: 1 | 3 | 7,
  stride: 1 | 2,
): ConvSpec {
  const spec = { filters, kernel, stride, pad: (kernel - 1) / 2, bias: false } as const;
  return dialect.heInit ? { ...spec, init: { weight: heNormalInit(filters * kernel * kernel) } } : spec;
}

/** One block: `projected` where its shape changes, so that its shortcut needs a projection. */
export type ResnetBlock = <T>(
  ops: LayerOps<T>,
  x: T,
  key: string,
  kind: ResnetConfiguration['block'],
  stage: ResnetStage,
  stride: 1 | 2,
  projected: boolean,
) => T;

/** BasicBlock: 3x3, 3x3, shortcut. Bottleneck: 1x1, 3x3 (which carries the stride), 1x1, shortcut. */
export function residualBlock(dialect: ResnetDialect): ResnetBlock {
  const convolution = (filters: number, kernel: 1 | 3, stride: 1 | 2): ConvSpec =>
    resnetConvolution(dialect, filters, kernel, stride);
  return (ops, x, key, kind, { width, outputs }, stride, projected) => {
    const relu = true;
    const shortcut = `${key}.${dialect.shortcut}`;
    const projection = convolution(outputs, 1, stride);
    const residual = projected
      ? ops.convNorm(x, `${shortcut}.0`, `${shortcut}.1`, projection, { relu: false })
      : x;
    if (kind === 'basic') {
      const first = ops.convNorm(x, `${key}.conv1`, `${key}.bn1`, convolution(width, 3, stride), { relu });
      const last = convolution(outputs, 3, 1);
      return ops.convNorm(first, `${key}.conv2`, `${key}.bn2`, last, { relu, residual });
    }
    const first = ops.convNorm(x, `${key}.conv1`, `${key}.bn1`, convolution(width, 1, 1), { relu });
    const second = ops.convNorm(first, `${key}.conv2`, `${key}.bn2`, convolution(width, 3, stride), { relu });
    const last = convolution(outputs, 1, 1);
    return ops.convNorm(second, `${key}.conv3`, `${key}.bn3`, last, { relu, residual });
  };
}

/** All stages behind the stem: strides 1, 2, 2, 2; a projection where the shape changes. */
export function resnetStages<T>(
  ops: LayerOps<T>,
  stem: T,
  { block: kind, stemWidth, stages }: ResnetConfiguration,
  block: ResnetBlock,
): T {
  let value = stem;
  let channels = stemWidth;
  stages.forEach((stage, index) => {
    for (let i = 0; i < stage.blocks; i++) {
      const stride = index > 0 && i === 0 ? 2 : 1;
      const projected = stride === 2 || channels !== stage.outputs;
      value = block(ops, value, `layer${index + 1}.${i}`, kind, stage, stride, projected);
      channels = stage.outputs;
    }
  });
  return value;
}

/** Layers with weights on the longest path, which is what a ResNet is called by. */
export function resnetDepth({ block, stages }: ResnetConfiguration): number {
  const blocks = stages.reduce((sum, stage) => sum + stage.blocks, 0);
  return (block === 'basic' ? 2 : 3) * blocks + 2;
}

/** Blocks of the four stages of the usual depths. */
const DEPTHS = {
  18: { block: 'basic', blocks: [2, 2, 2, 2] },
  34: { block: 'basic', blocks: [3, 4, 6, 3] },
  50: { block: 'bottleneck', blocks: [3, 4, 6, 3] },
} as const;

/** A depth that `usualResnet` knows. */
export type UsualDepth = keyof typeof DEPTHS;

/** The configuration of a usual depth: stage widths w, 2w, 4w, 8w; bottlenecks put out four times that. */
export function usualResnet(depth: UsualDepth, width: number, classes: number): ResnetConfiguration {
  const { block, blocks } = DEPTHS[depth];
  const stages = blocks.map((count, i) => {
    const stageWidth = width * 2 ** i;
    return { blocks: count, width: stageWidth, outputs: block === 'basic' ? stageWidth : 4 * stageWidth };
  });
  return { block, stemWidth: width, stages, classes };
}

function readStage(state: StateDict, stage: number, block: ResnetConfiguration['block']): ResnetStage | null {
  const filters = (name: string): number => dimension(state, `layer${stage}.0.${name}.weight`, 0);
  const blocks = countKeys(state, (i) => `layer${stage}.${i}.conv1.weight`);
  const width = filters('conv1');
  const outputs = filters(block === 'basic' ? 'conv2' : 'conv3');
  return blocks === 0 || width === 0 || outputs === 0 ? null : { blocks, width, outputs };
}

/** Depth, widths and classes as the keys and shapes give them; null where the telling keys are not there. */
export function readResnetConfiguration(state: StateDict): ResnetConfiguration | null {
  const stemWidth = dimension(state, 'conv1.weight', 0);
  const classes = dimension(state, 'linear.weight', 0) || dimension(state, 'fc.weight', 0);
  if (stemWidth === 0 || classes === 0) return null;
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
