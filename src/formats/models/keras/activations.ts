import type { GraphBuilder } from '../graph/graphBuilder';
import type { ActivationName, LayerOp } from '../graph/layerGraph';
import { asNumber, asObject, asText, type Json } from './json';

const NAMES: Readonly<Record<string, ActivationName>> = {
  relu: 'relu',
  relu6: 'relu6',
  leaky_relu: 'leaky-relu',
  elu: 'elu',
  selu: 'selu',
  gelu: 'gelu',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  swish: 'swish',
  silu: 'swish',
  softplus: 'softplus',
  softsign: 'softsign',
  mish: 'mish',
  exponential: 'exp',
  hard_swish: 'hard-swish',
  hard_silu: 'hard-swish',
};

/** An element-wise function as a node's operation; `alpha` and `limit` as `LayerOp` says. */
export function activation(name: ActivationName, alpha = 0, limit = 0): LayerOp {
  return { kind: 'activation', name, alpha, limit };
}

/**
 * The operation of an `activation` setting: a name, or an object with a class and a config; null for none.
 *
 * @param keras3 Keras 3 changed the slope of `leaky_relu` (0.3 to 0.2 as a function) and `hard_sigmoid` (a fifth to a sixth).
 * @throws StudioError `format/unsupported` naming a function that is not known.
 */
export function activationOp(
  builder: GraphBuilder,
  value: Json | undefined,
  layer: string,
  keras3: boolean,
): LayerOp | null {
  if (value === null || value === undefined) return null;
  const object = asObject(value);
  const config = asObject(object?.['config']);
  const name =
    asText(value) ??
    asText(object?.['config']) ??
    asText(object?.['class_name']) ??
    asText(config?.['name']) ??
    '';
  const plain = name.replace(/^.*>/, '').toLowerCase();
  if (plain === 'linear') return null;
  if (plain === 'softmax') return { kind: 'softmax' };
  if (plain === 'hard_sigmoid') return activation(keras3 ? 'hard-sigmoid-sixth' : 'hard-sigmoid-fifth');
  const known = Object.hasOwn(NAMES, plain) ? NAMES[plain] : undefined;
  if (known === undefined)
    throw builder.unsupported(
      `uses the activation ${name || 'of its own'} in ${layer}, which is not known here`,
    );
  const slope = asNumber(config?.['negative_slope']) ?? asNumber(config?.['alpha']);
  return activation(known, slope ?? (known === 'elu' ? 1 : 0.2));
}
