import type { StateDict } from '../../formats/models/stateDict';
import { defineFamily } from './family';
import type { BoundNetwork, ConvSpec, LayerOps, LinearSpec, NetworkOutput } from './network';
import { heNormalInit, normalInit, ZERO } from './ops/weightInit';
import { dimension, wholeRoot } from './readShapes';

/**
 * What lies behind the convolutions. `single`: one linear layer, `classifier`. `three`: linear layers at
 * `classifier.<at>`, ReLU and dropout between them; with `firstDropout` a dropout lies in front of them too.
 */
export type VggHead =
  | { readonly kind: 'single' }
  | {
      readonly kind: 'three';
      readonly at: readonly [number, number, number];
      readonly hidden: readonly [number, number];
      readonly firstDropout: boolean;
      readonly dropout: number;
    };

/** Everything that tells one VGG from another. */
export interface VggConfiguration {
  /** Filters of the convolutions between one max-pool and the next. */
  readonly groups: readonly (readonly number[])[];
  readonly batchNorm: boolean;
  readonly head: VggHead;
  /** Side of the average pool in front of the head; null where the head takes the convolutions' output as it is. */
  readonly pool: number | null;
  readonly classes: number;
  readonly inputShape: readonly [number, number, number];
}

/** Filters of the sixteen-layer network by group, at width 64. */
const GROUPS_16 = [
  [1, 1],
  [2, 2],
  [4, 4, 4],
  [8, 8, 8],
  [8, 8, 8],
] as const;

/** VGG-16's groups; the published first width is 64. */
export function vgg16Groups(width: number): number[][] {
  return GROUPS_16.map((group) => group.map((times) => times * width));
}

/** The head with its linear layers at `classifier.{1,4,6}` (backdoor-toolbox). */
export const HEAD_146 = { at: [1, 4, 6], firstDropout: true } as const;
/** The head with its linear layers at `classifier.{0,3,6}` (torchvision). */
export const HEAD_036 = { at: [0, 3, 6], firstDropout: false } as const;

const LINEAR_NORMAL = { weight: normalInit(0.01), bias: ZERO };

/**
 * VGG (Simonyan and Zisserman 2015) as the code bases of METHODS 5 have it: without or with batch-norm, one linear layer
 * or three behind the convolutions. Convolutions start as N(0, 2 / (9 filters)) with biases of zero, linear layers as
 * N(0, 0.01²), but for the three layers of backdoor-toolbox, which start as PyTorch's default.
 */
export function vgg(configuration: VggConfiguration): BoundNetwork {
  const { groups, batchNorm, inputShape, classes } = configuration;
  const convolutions = groups.reduce((sum, group) => sum + group.length, 0);
  // Called by the three linear layers of the published ones, whatever the head.
  const depth = convolutions + 3;
  const kind = configuration.pool === null ? 'VGG' : 'torchvision VGG';
  return {
    id: 'vgg',
    label: `${kind}-${depth}${batchNorm ? ' with batch-norm' : ''}, first width ${groups[0]?.[0] ?? 0}`,
    inputShape,
    classes,
    forward: (ops, x) => head(ops, convolve(ops, x, configuration), configuration),
  };
}

function convolve<T>(ops: LayerOps<T>, x: T, { groups, batchNorm }: VggConfiguration): T {
  let value = x;
  let index = 0;
  for (const group of groups) {
    for (const filters of group) {
      const init = { weight: heNormalInit(9 * filters), bias: ZERO };
      const spec: ConvSpec = { filters, kernel: 3, stride: 1, pad: 1, bias: true, init };
      const key = `features.${index}`;
      value = batchNorm
        ? ops.convNorm(value, key, `features.${index + 1}`, spec, { relu: true })
        : ops.activation(ops.conv(value, key, spec), 'relu');
      index += batchNorm ? 3 : 2;
    }
    value = ops.maxPool(value, 2, 2);
    index++;
  }
  return value;
}

function head<T>(ops: LayerOps<T>, x: T, configuration: VggConfiguration): NetworkOutput<T> {
  const { head: spec, pool, classes } = configuration;
  const flat = ops.flatten(pool === null ? x : ops.adaptiveAveragePool(x, pool, pool));
  if (spec.kind === 'single') {
    return { output: ops.linear(flat, 'classifier', classes, { init: LINEAR_NORMAL }), features: flat };
  }
  const linear: LinearSpec = spec.firstDropout ? {} : { init: LINEAR_NORMAL };
  const { at, hidden, dropout } = spec;
  const hiddenLayer = (value: T, i: 0 | 1): T =>
    ops.activation(ops.linear(value, `classifier.${at[i]}`, hidden[i], linear), 'relu');
  const start = spec.firstDropout ? ops.dropout(flat, dropout) : flat;
  const features = hiddenLayer(ops.dropout(hiddenLayer(start, 0), dropout), 1);
  const last = spec.firstDropout ? features : ops.dropout(features, dropout);
  return { output: ops.linear(last, `classifier.${at[2]}`, classes, linear), features };
}

/** Filters by group from the indices in `features`: one index more than a layer takes is a max-pool. */
function readGroups(state: StateDict, batchNorm: boolean): number[][] | null {
  const groups: number[][] = [[]];
  const step = batchNorm ? 3 : 2;
  for (let index = 0; ;) {
    const filters = dimension(state, `features.${index}.weight`, 0);
    if (filters === 0) return null;
    groups.at(-1)?.push(filters);
    const isConvolution = (at: number): boolean => state.get(`features.${at}.weight`)?.shape.length === 4;
    if (isConvolution(index + step)) index += step;
    else if (isConvolution(index + step + 1)) {
      index += step + 1;
      groups.push([]);
    } else return groups;
  }
}

function readHead(state: StateDict): { head: VggHead; first: string; last: string } | null {
  if (state.has('classifier.weight')) {
    return { head: { kind: 'single' }, first: 'classifier.weight', last: 'classifier.weight' };
  }
  for (const kind of [HEAD_146, HEAD_036]) {
    const names = kind.at.map((index) => `classifier.${index}.weight`);
    const [first = '', second = '', last = ''] = names;
    if (!names.every((name) => state.has(name))) continue;
    const hidden = [dimension(state, first, 0), dimension(state, second, 0)] as const;
    return { head: { kind: 'three', ...kind, hidden, dropout: 0.5 }, first, last };
  }
  return null;
}

function propose(state: StateDict): BoundNetwork | null {
  if (state.get('features.0.weight')?.shape.length !== 4) return null;
  const batchNorm = state.has('features.1.running_mean');
  const groups = readGroups(state, batchNorm);
  const found = readHead(state);
  if (groups === null || found === null) return null;
  const { head: read, first, last } = found;
  // What the head takes in says how large the image behind the convolutions is, and so the image itself.
  const side = wholeRoot(dimension(state, first, 1) / (groups.at(-1)?.at(-1) ?? 1)) || 1;
  const torchvision = read.kind === 'three' && !read.firstDropout;
  const size = torchvision ? 224 : side * 2 ** groups.length;
  return vgg({
    groups,
    batchNorm,
    head: read,
    pool: torchvision ? side : null,
    classes: dimension(state, last, 0),
    inputShape: [size, size, 3],
  });
}

/** VGGs of any depth and width whose convolutions are `features.<n>`. */
export const vggFamily = defineFamily({ id: 'vgg', noun: 'a VGG', role: 'classifier', propose });
