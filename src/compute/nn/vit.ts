import type { StateDict } from '../../formats/models/stateDict';
import { defineFamily } from './family';
import type { BoundNetwork, LayerOps, LinearSpec } from './network';
import { normalInit, xavierUniformInit, ZERO, type TensorInit } from './ops/weightInit';
import { countKeys, dimension, wholeRoot } from './readShapes';

/** Everything that tells one vision transformer from another of its kind. */
export interface VitConfiguration {
  readonly patch: number;
  /** Patches in a row of the image. */
  readonly side: number;
  readonly features: number;
  readonly layers: number;
  readonly heads: number;
  /** Width of the hidden layer of a block's MLP. */
  readonly hidden: number;
  readonly classes: number;
}

/** The two code bases' names and starts. */
interface Dialect {
  readonly id: string;
  readonly name: string;
  readonly classToken: string;
  readonly position: string;
  readonly patches: string;
  readonly block: (index: number) => string;
  readonly norms: readonly [string, string];
  readonly qkv: { readonly weight: string; readonly bias: string };
  readonly projection: string;
  readonly mlp: readonly [string, string];
  readonly lastNorm: string;
  readonly head: string;
  /** Whether the position embedding is registered in front of the patch embedding. */
  readonly positionFirst: boolean;
  readonly init: 'timm' | 'torchvision';
}

const TIMM: Dialect = {
  id: 'timm-vit',
  name: 'timm ViT',
  classToken: 'cls_token',
  position: 'pos_embed',
  patches: 'patch_embed.proj',
  block: (index) => `blocks.${index}`,
  norms: ['norm1', 'norm2'],
  qkv: { weight: 'attn.qkv.weight', bias: 'attn.qkv.bias' },
  projection: 'attn.proj',
  mlp: ['mlp.fc1', 'mlp.fc2'],
  lastNorm: 'norm',
  head: 'head',
  positionFirst: true,
  init: 'timm',
};

const torchvision = (mlp: readonly [string, string]): Dialect => ({
  id: 'torchvision-vit',
  name: 'torchvision ViT',
  classToken: 'class_token',
  position: 'encoder.pos_embedding',
  patches: 'conv_proj',
  block: (index) => `encoder.layers.encoder_layer_${index}`,
  norms: ['ln_1', 'ln_2'],
  qkv: { weight: 'self_attention.in_proj_weight', bias: 'self_attention.in_proj_bias' },
  projection: 'self_attention.out_proj',
  mlp,
  lastNorm: 'encoder.ln',
  head: 'heads.head',
  positionFirst: false,
  init: 'torchvision',
});
const TORCHVISION = torchvision(['mlp.0', 'mlp.3']);
/** Names before torchvision 0.13, which its published weights still have. */
const OLD_TORCHVISION = torchvision(['mlp.linear_1', 'mlp.linear_2']);

/** Both code bases' LayerNorm. */
const EPSILON = 1e-6;

/**
 * How weights start. timm: linear weights N(0, 0.02²), biases zero. torchvision: the MLP and the joint projection
 * Glorot-uniform, the MLP's biases N(0, 1e-6²), the head zero.
 */
function starts(dialect: Dialect, { features, hidden, patch }: VitConfiguration) {
  const timm = dialect.init === 'timm';
  const small: LinearSpec = { init: { weight: normalInit(0.02), bias: ZERO } };
  const glorot = (inputs: number, outputs: number, bias: TensorInit): LinearSpec => ({
    init: { weight: xavierUniformInit(inputs, outputs), bias },
  });
  return {
    token: timm ? normalInit(1e-6) : ZERO,
    patches: timm ? {} : { init: { weight: normalInit(1 / Math.sqrt(3 * patch * patch)), bias: ZERO } },
    qkv: timm ? small : glorot(features, 3 * features, ZERO),
    projection: timm ? small : { init: { bias: ZERO } },
    mlp: timm ? small : glorot(features, hidden, normalInit(1e-6)),
    head: timm ? small : { init: { weight: ZERO, bias: ZERO } },
  };
}

/**
 * The vision transformer of Dosovitskiy et al. 2021 under timm's or torchvision's names: pre-norm blocks, exact GELU,
 * the class token's features. The image size is the one its position embedding was made for. Dropout is 0 in both.
 */
function vit(dialect: Dialect, configuration: VitConfiguration): BoundNetwork {
  const { patch, side, features, layers, classes } = configuration;
  return {
    id: dialect.id,
    label: `${dialect.name}, ${layers} layers of ${features} features, patches of ${patch}`,
    inputShape: [patch * side, patch * side, 3],
    classes,
    forward: (ops, x) => {
      const { tokens } = ops;
      const init = starts(dialect, configuration);
      const position = (): ReturnType<typeof tokens.parameter> =>
        tokens.parameter(dialect.position, [1, side * side + 1, features], normalInit(0.02));
      const token = tokens.parameter(dialect.classToken, [1, 1, features], init.token);
      const early = dialect.positionFirst ? position() : null;
      const patches = tokens.patchEmbedding(x, dialect.patches, { size: patch, features, ...init.patches });
      let value = ops.add(tokens.prepend(patches, token), early ?? position());
      for (let i = 0; i < layers; i++) value = block(ops, value, dialect, i, configuration);
      const last = tokens.first(tokens.layerNorm(value, dialect.lastNorm, EPSILON));
      return { output: ops.linear(last, dialect.head, classes, init.head), features: last };
    },
  };
}

function block<T>(
  ops: LayerOps<T>,
  x: T,
  dialect: Dialect,
  index: number,
  configuration: VitConfiguration,
): T {
  const { features, hidden, heads } = configuration;
  const key = dialect.block(index);
  const init = starts(dialect, configuration);
  const names = { weight: `${key}.${dialect.qkv.weight}`, bias: `${key}.${dialect.qkv.bias}` };
  const normed = ops.tokens.layerNorm(x, `${key}.${dialect.norms[0]}`, EPSILON);
  const qkv = ops.linear(normed, key, 3 * features, { ...init.qkv, names });
  const attended = ops.tokens.attention(qkv, { heads, logScale: null, excludeSelf: false });
  const middle = ops.add(ops.linear(attended, `${key}.${dialect.projection}`, features, init.projection), x);
  const again = ops.tokens.layerNorm(middle, `${key}.${dialect.norms[1]}`, EPSILON);
  const wide = ops.activation(ops.linear(again, `${key}.${dialect.mlp[0]}`, hidden, init.mlp), 'gelu');
  return ops.add(ops.linear(wide, `${key}.${dialect.mlp[1]}`, features, init.mlp), middle);
}

/**
 * Heads do not show in the shapes. ViT-Ti, S, B and L have heads of 64 features, ViT-H (1280) of 80; narrower networks
 * than 64 are taken to have heads of 8.
 */
export function usualHeads(features: number): number {
  if (features === 1280) return 16;
  return Math.max(1, Math.floor(features / (features % 64 === 0 ? 64 : 8)));
}

function read(state: StateDict, dialect: Dialect): VitConfiguration | null {
  const first = dialect.block(0);
  const features = dimension(state, `${dialect.patches}.weight`, 0);
  const configuration = {
    patch: dimension(state, `${dialect.patches}.weight`, 2),
    side: wholeRoot(dimension(state, dialect.position, 1) - 1),
    features,
    layers: countKeys(state, (i) => `${dialect.block(i)}.${dialect.qkv.weight}`),
    heads: usualHeads(features),
    hidden: dimension(state, `${first}.${dialect.mlp[0]}.weight`, 0),
    classes: dimension(state, `${dialect.head}.weight`, 0),
  };
  const whole = Object.values(configuration).every((value) => value > 0);
  return whole && features % configuration.heads === 0 ? configuration : null;
}

/** timm's vision transformers of any size, with a class token. */
export const timmVitFamily = defineFamily({
  id: TIMM.id,
  noun: 'a ViT',
  role: 'classifier',
  propose: (state) => {
    const configuration = read(state, TIMM);
    return configuration === null ? null : vit(TIMM, configuration);
  },
});

/** torchvision's vision transformers of any size. */
export const torchvisionVitFamily = defineFamily({
  id: TORCHVISION.id,
  noun: 'a ViT',
  role: 'classifier',
  propose: (state) => {
    const old = state.has(`${OLD_TORCHVISION.block(0)}.${OLD_TORCHVISION.mlp[0]}.weight`);
    const dialect = old ? OLD_TORCHVISION : TORCHVISION;
    const configuration = read(state, dialect);
    return configuration === null ? null : vit(dialect, configuration);
  },
});

/** A timm ViT by its sizes. */
export function timmVit(configuration: VitConfiguration): BoundNetwork {
  return vit(TIMM, configuration);
}

/** A torchvision ViT by its sizes. */
export function torchvisionVit(configuration: VitConfiguration): BoundNetwork {
  return vit(TORCHVISION, configuration);
}
