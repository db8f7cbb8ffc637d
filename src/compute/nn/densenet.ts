import type { StateDict } from '../../formats/models/stateDict';
import { defineFamily } from './family';
import type { BoundNetwork, ConvSpec, LayerOps } from './network';
import { heNormalInit, ZERO } from './ops/weightInit';
import { countKeys, dimension } from './readShapes';

/** Everything that tells one DenseNet from another of its kind. */
export interface DensenetConfiguration {
  readonly stemWidth: number;
  /** Layers of each dense block: 6, 12, 24, 16 in DenseNet-121. */
  readonly blocks: readonly number[];
  /** Channels that a layer adds. */
  readonly growth: number;
  /** Filters of a layer's 1x1 convolution. */
  readonly bottleneck: number;
  /** Filters of the 1x1 convolution behind each block but the last. */
  readonly transitions: readonly number[];
  readonly classes: number;
}

/** The two code bases: their keys, stems and orders. */
interface Dialect {
  readonly id: 'torchvision-densenet' | 'cifar-densenet';
  readonly name: string;
  readonly size: number;
  readonly layer: (block: number, layer: number) => string;
  readonly norms: readonly [string, string];
  readonly transition: (block: number) => { readonly norm: string; readonly conv: string };
  readonly stem: string;
  readonly lastNorm: string;
  readonly head: string;
  readonly heInit: boolean;
}

const TORCHVISION: Dialect = {
  id: 'torchvision-densenet',
  name: 'torchvision DenseNet',
  size: 224,
  layer: (block, layer) => `features.denseblock${block + 1}.denselayer${layer + 1}`,
  norms: ['norm1', 'norm2'],
  transition: (block) => ({
    norm: `features.transition${block + 1}.norm`,
    conv: `features.transition${block + 1}.conv`,
  }),
  stem: 'features.conv0',
  lastNorm: 'features.norm5',
  head: 'classifier',
  heInit: true,
};

const CIFAR: Dialect = {
  id: 'cifar-densenet',
  name: 'CIFAR DenseNet',
  size: 32,
  layer: (block, layer) => `dense${block + 1}.${layer}`,
  norms: ['bn1', 'bn2'],
  transition: (block) => ({ norm: `trans${block + 1}.bn`, conv: `trans${block + 1}.conv` }),
  stem: 'conv1',
  lastNorm: 'bn',
  head: 'linear',
  heInit: false,
};

function convolution(
  dialect: Dialect,
  inputs: number,
  filters: number,
  kernel: 1 | 3 | 7,
  stride: 1 | 2 = 1,
): ConvSpec {
  const spec = { filters, kernel, stride, pad: (kernel - 1) / 2, bias: false } as const;
  return dialect.heInit ? { ...spec, init: { weight: heNormalInit(inputs * kernel * kernel) } } : spec;
}

/**
 * DenseNet (Huang et al. 2017), every layer batch-norm, ReLU, convolution. torchvision's has a 7x7 stem of stride 2 with
 * a max-pool (METHODS 5: on 32 px too) and puts what a layer adds behind what it had; the one of CIFAR code bases
 * (BTI-DBF) has a plain 3x3 stem and puts it in front. Any image size.
 */
function densenet(
  dialect: Dialect,
  configuration: DensenetConfiguration,
  inputShape: readonly [number, number, number],
): BoundNetwork {
  const { blocks, growth, classes } = configuration;
  const depth = 2 * blocks.reduce((sum, layers) => sum + layers, 0) + blocks.length + 1;
  return {
    id: dialect.id,
    label: `${dialect.name}-${depth}, growth ${growth}`,
    inputShape,
    classes,
    forward: (ops, x) => {
      const features = ops.globalAveragePool(denseFeatures(ops, x, dialect, configuration));
      const init = dialect.heInit ? { init: { bias: ZERO } } : {};
      return { output: ops.linear(features, dialect.head, classes, init), features };
    },
  };
}

function denseFeatures<T>(ops: LayerOps<T>, x: T, dialect: Dialect, configuration: DensenetConfiguration): T {
  const { stemWidth, blocks, transitions } = configuration;
  let value = stem(ops, x, dialect, stemWidth);
  let channels = stemWidth;
  blocks.forEach((layers, block) => {
    for (let i = 0; i < layers; i++) {
      const added = denseLayer(ops, value, dialect, dialect.layer(block, i), channels, configuration);
      value = ops.concat(dialect === CIFAR ? [added, value] : [value, added]);
      channels += configuration.growth;
    }
    const filters = transitions[block];
    if (block === blocks.length - 1 || filters === undefined) return;
    const keys = dialect.transition(block);
    const normed = ops.norm(value, keys.norm, true);
    const reduced = ops.conv(normed, keys.conv, convolution(dialect, channels, filters, 1));
    value = ops.averagePool(reduced, 2, 2);
    channels = filters;
  });
  return ops.norm(value, dialect.lastNorm, true);
}

function stem<T>(ops: LayerOps<T>, x: T, dialect: Dialect, width: number): T {
  if (dialect === CIFAR) return ops.conv(x, dialect.stem, convolution(dialect, 3, width, 3));
  const spec = convolution(dialect, 3, width, 7, 2);
  return ops.maxPool(ops.convNorm(x, dialect.stem, 'features.norm0', spec, { relu: true }), 3, 2, 1);
}

function denseLayer<T>(
  ops: LayerOps<T>,
  x: T,
  dialect: Dialect,
  key: string,
  channels: number,
  { growth, bottleneck }: DensenetConfiguration,
): T {
  const [first, second] = dialect.norms;
  const normed = ops.norm(x, `${key}.${first}`, true);
  const narrow = convolution(dialect, channels, bottleneck, 1);
  const middle = ops.convNorm(normed, `${key}.conv1`, `${key}.${second}`, narrow, { relu: true });
  return ops.conv(middle, `${key}.conv2`, convolution(dialect, bottleneck, growth, 3));
}

/** torchvision's DenseNet. */
export function torchvisionDensenet(
  configuration: DensenetConfiguration,
  inputShape: readonly [number, number, number] = [224, 224, 3],
): BoundNetwork {
  return densenet(TORCHVISION, configuration, inputShape);
}

/** The DenseNet of CIFAR code bases. */
export function cifarDensenet(
  configuration: DensenetConfiguration,
  inputShape: readonly [number, number, number] = [32, 32, 3],
): BoundNetwork {
  return densenet(CIFAR, configuration, inputShape);
}

/** DenseNet-121 of any growth (32 in the published one): stem 2 growths, bottleneck 4, transitions that halve. */
export function densenet121(growth: number, classes: number): DensenetConfiguration {
  const blocks = [6, 12, 24, 16];
  const transitions: number[] = [];
  let channels = 2 * growth;
  for (const layers of blocks.slice(0, -1)) {
    channels = Math.floor((channels + layers * growth) / 2);
    transitions.push(channels);
  }
  return { stemWidth: 2 * growth, blocks, growth, bottleneck: 4 * growth, transitions, classes };
}

function read(state: StateDict, dialect: Dialect): DensenetConfiguration | null {
  const blocks: number[] = [];
  for (;;) {
    const layers = countKeys(state, (i) => `${dialect.layer(blocks.length, i)}.conv1.weight`);
    if (layers === 0) break;
    blocks.push(layers);
  }
  const first = dialect.layer(0, 0);
  const configuration = {
    stemWidth: dimension(state, `${dialect.stem}.weight`, 0),
    blocks,
    growth: dimension(state, `${first}.conv2.weight`, 0),
    bottleneck: dimension(state, `${first}.conv1.weight`, 0),
    transitions: blocks.slice(1).map((_, i) => dimension(state, `${dialect.transition(i).conv}.weight`, 0)),
    classes: dimension(state, `${dialect.head}.weight`, 0),
  };
  const { stemWidth, growth, bottleneck, classes } = configuration;
  return blocks.length === 0 || Math.min(stemWidth, growth, bottleneck, classes) === 0 ? null : configuration;
}

const family = (dialect: Dialect) =>
  defineFamily({
    id: dialect.id,
    noun: 'a DenseNet',
    role: 'classifier',
    propose: (state) => {
      const configuration = read(state, dialect);
      if (configuration === null) return null;
      return densenet(dialect, configuration, [dialect.size, dialect.size, 3]);
    },
  });

/** torchvision's DenseNets of any depth and growth. */
export const torchvisionDensenetFamily = family(TORCHVISION);

/** The DenseNets of CIFAR code bases, of any depth and growth. */
export const cifarDensenetFamily = family(CIFAR);
