import { defineFamily } from './family';
import type { BoundNetwork, LayerOps } from './network';
import { normalInit } from './ops/weightInit';
import { countKeys, dimension, wholeRoot } from './readShapes';
import type { StateDict } from '../../formats/models/stateDict';
import type { VitConfiguration } from './vit';

/** A `VitConfiguration` whose attention may be of another width than its tokens. */
export interface LocalityVitConfiguration extends VitConfiguration {
  /** Features of queries, of keys and of values, all heads together. */
  readonly inner: number;
}

const EPSILON = 1e-5;
/** The image itself and its four neighbours by one pixel, as (down, right): right, left, down, up. */
const SHIFTS = [
  [0, 1],
  [0, -1],
  [1, 0],
  [-1, 0],
] as const;

/**
 * The vision transformer for small data sets of the official code (METHODS 5; Lee et al. 2021): shifted patch tokens and
 * locality self-attention, in which a token does not attend to itself and the scores' scale is learned. The image size is
 * the one its position embedding was made for. The official dropout of 0.1 is left out in training.
 */
export function localityVit(configuration: LocalityVitConfiguration): BoundNetwork {
  const { patch, side, features, layers, classes } = configuration;
  return {
    id: 'locality-vit',
    label: `Locality ViT, ${layers} layers of ${features} features, patches of ${patch}`,
    inputShape: [patch * side, patch * side, 3],
    classes,
    forward: (ops, x) => {
      const { tokens } = ops;
      const position = tokens.parameter('pos_embedding', [1, side * side + 1, features], normalInit(1));
      const token = tokens.parameter('cls_token', [1, 1, features], normalInit(1));
      const all = ops.concat([x, ...SHIFTS.map(([down, right]) => tokens.shift(x, down, right))]);
      const prefix = 'to_patch_embedding.to_patch_tokens';
      const patches = tokens.layerNorm(tokens.patches(all, patch), `${prefix}.1`, EPSILON);
      const embedded = ops.linear(patches, `${prefix}.2`, features);
      let value = ops.add(tokens.prepend(embedded, token), position);
      for (let i = 0; i < layers; i++) value = block(ops, value, i, configuration);
      const last = tokens.layerNorm(tokens.first(value), 'mlp_head.0', EPSILON);
      return { output: ops.linear(last, 'mlp_head.1', classes), features: last };
    },
  };
}

function block<T>(ops: LayerOps<T>, x: T, index: number, configuration: LocalityVitConfiguration): T {
  const { features, hidden, heads, inner } = configuration;
  const { tokens } = ops;
  const key = `transformer.layers.${index}`;
  const normed = tokens.layerNorm(x, `${key}.0.norm`, EPSILON);
  // Starts at the usual scale, 1 / sqrt(head size).
  const start = { kind: 'constant', value: -0.5 * Math.log(inner / heads) } as const;
  const logScale = tokens.parameter(`${key}.0.fn.temperature`, [], start);
  const qkv = ops.linear(normed, `${key}.0.fn.to_qkv`, 3 * inner, { bias: false });
  const attended = tokens.attention(qkv, { heads, logScale, excludeSelf: true });
  const middle = ops.add(ops.linear(attended, `${key}.0.fn.to_out.0`, features), x);
  const again = tokens.layerNorm(middle, `${key}.1.norm`, EPSILON);
  const wide = ops.activation(ops.linear(again, `${key}.1.fn.net.0`, hidden), 'gelu');
  return ops.add(ops.linear(wide, `${key}.1.fn.net.3`, features), middle);
}

function read(state: StateDict): LocalityVitConfiguration | null {
  const inner = dimension(state, 'transformer.layers.0.0.fn.to_qkv.weight', 0) / 3;
  const configuration = {
    // Patches of three channels and their four shifts.
    patch: wholeRoot(dimension(state, 'to_patch_embedding.to_patch_tokens.2.weight', 1) / 15),
    side: wholeRoot(dimension(state, 'pos_embedding', 1) - 1),
    features: dimension(state, 'to_patch_embedding.to_patch_tokens.2.weight', 0),
    layers: countKeys(state, (i) => `transformer.layers.${i}.0.fn.temperature`),
    // Not in the shapes: heads of 64 as the official code makes them, and its eight heads where that cannot be.
    heads: inner % 64 === 0 ? inner / 64 : 8,
    hidden: dimension(state, 'transformer.layers.0.1.fn.net.0.weight', 0),
    classes: dimension(state, 'mlp_head.1.weight', 0),
    inner,
  };
  const whole = Object.values(configuration).every((value) => value > 0 && Number.isInteger(value));
  return whole && inner % configuration.heads === 0 ? configuration : null;
}

/** The official code's vision transformers of any size. */
export const localityVitFamily = defineFamily({
  id: 'locality-vit',
  noun: 'a ViT',
  role: 'classifier',
  propose: (state) => {
    const configuration = read(state);
    return configuration === null ? null : localityVit(configuration);
  },
});
