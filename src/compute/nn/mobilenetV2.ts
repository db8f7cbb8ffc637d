import type { StateDict } from '../../formats/models/stateDict';
import { defineFamily } from './family';
import type { Activation, BoundNetwork, ConvSpec, LayerOps } from './network';
import { heNormalInit, normalInit, ZERO } from './ops/weightInit';
import { dimension } from './readShapes';

/** One inverted residual block: 1x1 to `hidden`, 3x3 depthwise with the stride, 1x1 to `outputs`. */
export interface MobileBlock {
  /** Key of the block's module. */
  readonly key: string;
  /** Null where the block has no widening convolution. */
  readonly hidden: number | null;
  readonly outputs: number;
  readonly stride: 1 | 2;
  /** Whether a 1x1 projection brings the input to what it is added to. */
  readonly projected: boolean;
}

/** Everything that tells one MobileNetV2 from another of its kind. */
export interface MobilenetConfiguration {
  readonly stemWidth: number;
  readonly blocks: readonly MobileBlock[];
  readonly lastWidth: number;
  readonly classes: number;
}

/** Keys of a convolution and of its normalisation. */
interface Pair {
  readonly conv: string;
  readonly norm: string;
}

/** The code bases: their keys, stems and heads. */
export interface MobilenetDialect {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly activation: Activation & ('relu' | 'relu6');
  readonly bias: boolean;
  readonly heInit: boolean;
  readonly stem: Pair & { readonly kernel: 1 | 3; readonly stride: 1 | 2 };
  /** A block's three pairs; the first is not used where the block does not widen. */
  readonly pairs: (block: MobileBlock) => readonly [Pair, Pair, Pair];
  readonly last: Pair;
  readonly head: string;
  /** The head is stored as a 1x1 convolution. */
  readonly convolutionalHead: boolean;
  readonly dropout: number;
}

/** Repeats, outputs at width 1 and the published expansion of the seven stages. */
const STAGES = [
  { repeats: 1, outputs: 16, expansion: 1 },
  { repeats: 2, outputs: 24, expansion: 6 },
  { repeats: 3, outputs: 32, expansion: 6 },
  { repeats: 4, outputs: 64, expansion: 6 },
  { repeats: 3, outputs: 96, expansion: 6 },
  { repeats: 3, outputs: 160, expansion: 6 },
  { repeats: 1, outputs: 320, expansion: 6 },
] as const;

/** What one stage's first block is, by code base. */
export interface StagePlan {
  readonly key: (stage: number, block: number, repeats: number) => string;
  readonly strides: readonly (1 | 2)[];
  /** Whether a block that does not widen lacks the first convolution (torchvision) or has it (the others). */
  readonly alwaysWidens: boolean;
  readonly projects: boolean;
}

/** The published network with every width multiplied by `width`, rounded up, at least 1. */
export function usualMobilenet(plan: StagePlan, width: number, classes: number): MobilenetConfiguration {
  const scaled = (channels: number): number => Math.max(1, Math.ceil(channels * width));
  const blocks: MobileBlock[] = [];
  let inputs = scaled(32);
  STAGES.forEach(({ repeats, outputs, expansion }, stage) => {
    for (let block = 0; block < repeats; block++) {
      const stride = block === 0 ? (plan.strides[stage] ?? 1) : 1;
      const to = scaled(outputs);
      blocks.push({
        key: plan.key(stage, block, repeats),
        hidden: expansion === 1 && !plan.alwaysWidens ? null : inputs * expansion,
        outputs: to,
        stride,
        projected: plan.projects && stride === 1 && inputs !== to,
      });
      inputs = to;
    }
  });
  return { stemWidth: scaled(32), blocks, lastWidth: scaled(1280), classes };
}

/**
 * MobileNetV2 (Sandler et al. 2018) in the forms of METHODS 5. A block adds its input where the stride is 1 and the widths
 * agree, or through a projection. Any image size.
 */
export function mobilenetV2(dialect: MobilenetDialect, configuration: MobilenetConfiguration): BoundNetwork {
  const { stemWidth, blocks, lastWidth, classes } = configuration;
  return {
    id: dialect.id,
    label: `${dialect.name}, first width ${stemWidth}`,
    inputShape: [dialect.size, dialect.size, 3],
    classes,
    forward: (ops, x) => {
      const { stem } = dialect;
      // One pixel of padding, also around the 1x1 stem of backdoor-toolbox.
      const spec = convolution(dialect, stemWidth, stem.kernel, stem.stride, 1);
      let value = normed(ops, x, stem, spec, dialect);
      let channels = stemWidth;
      for (const block of blocks) {
        value = mobileBlock(ops, value, channels, block, dialect);
        channels = block.outputs;
      }
      const last = normed(ops, value, dialect.last, convolution(dialect, lastWidth, 1, 1, 0), dialect);
      const features = ops.globalAveragePool(last);
      const output = ops.linear(ops.dropout(features, dialect.dropout), dialect.head, classes, {
        asConvolution: dialect.convolutionalHead,
        ...(dialect.heInit ? { init: { weight: normalInit(0.01), bias: ZERO } } : {}),
      });
      return { output, features };
    },
  };
}

function convolution(
  { bias, heInit }: MobilenetDialect,
  filters: number,
  kernel: 1 | 3,
  stride: 1 | 2,
  pad: number,
): ConvSpec {
  const spec = { filters, kernel, stride, pad, bias } as const;
  return heInit ? { ...spec, init: { weight: heNormalInit(filters * kernel * kernel) } } : spec;
}

/** Convolution, batch-norm and the network's activation. */
function normed<T>(
  ops: LayerOps<T>,
  x: T,
  { conv, norm }: Pair,
  spec: ConvSpec,
  dialect: MobilenetDialect,
): T {
  const relu = dialect.activation === 'relu';
  const value = ops.convNorm(x, conv, norm, spec, { relu });
  return relu ? value : ops.activation(value, dialect.activation);
}

function mobileBlock<T>(
  ops: LayerOps<T>,
  x: T,
  inputs: number,
  block: MobileBlock,
  dialect: MobilenetDialect,
): T {
  const { hidden, outputs, stride, projected } = block;
  const [widen, spread, narrow] = dialect.pairs(block);
  const width = hidden ?? inputs;
  const wide = hidden === null ? x : normed(ops, x, widen, convolution(dialect, hidden, 1, 1, 0), dialect);
  const depthwise = { ...convolution(dialect, width, 3, stride, 1), groups: width };
  const mixed = normed(ops, wide, spread, depthwise, dialect);
  const last = convolution(dialect, outputs, 1, 1, 0);
  const adds = stride === 1 && inputs === outputs;
  const residual = projected
    ? ops.convNorm(x, `${block.key}.shortcut.0`, `${block.key}.shortcut.1`, last, { relu: false })
    : x;
  const then = adds || projected ? { relu: false, residual } : { relu: false };
  return ops.convNorm(mixed, narrow.conv, narrow.norm, last, then);
}

/** Widths of blocks whose keys and strides are known; null where one is missing. */
export function readBlocks(
  state: StateDict,
  dialect: MobilenetDialect,
  found: readonly { readonly key: string; readonly stride: 1 | 2; readonly hasWidening: boolean }[],
): MobileBlock[] | null {
  const blocks = found.map(({ key, stride, hasWidening }) => {
    const projected = state.has(`${key}.shortcut.0.weight`);
    const shape: MobileBlock = { key, stride, projected, hidden: hasWidening ? 1 : null, outputs: 1 };
    const [widen, , narrow] = dialect.pairs(shape);
    const hidden = hasWidening ? dimension(state, `${widen.conv}.weight`, 0) : null;
    return { ...shape, hidden, outputs: dimension(state, `${narrow.conv}.weight`, 0) };
  });
  const whole = blocks.every(({ hidden, outputs }) => hidden !== 0 && outputs !== 0);
  return whole && blocks.length > 0 ? blocks : null;
}

/** A family of networks of one code base. */
export function mobilenetFamily(
  dialect: MobilenetDialect,
  read: (state: StateDict) => readonly { key: string; stride: 1 | 2; hasWidening: boolean }[],
) {
  return defineFamily({
    id: dialect.id,
    noun: 'a MobileNetV2',
    role: 'classifier',
    propose: (state) => {
      const blocks = readBlocks(state, dialect, read(state));
      const stemWidth = dimension(state, `${dialect.stem.conv}.weight`, 0);
      const lastWidth = dimension(state, `${dialect.last.conv}.weight`, 0);
      const classes = dimension(state, `${dialect.head}.weight`, 0);
      if (blocks === null || Math.min(stemWidth, lastWidth, classes) === 0) return null;
      return mobilenetV2(dialect, { stemWidth, blocks, lastWidth, classes });
    },
  });
}
