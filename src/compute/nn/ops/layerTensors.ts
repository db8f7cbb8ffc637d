import type { ConvSpec, LinearSpec } from '../network';
import type { TensorRole, TensorSpec } from '../trace';
import type { TensorInit } from './weightInit';

/** `init` as a property where there is one. */
const starting = (init: TensorInit | undefined): { readonly init?: TensorInit } =>
  init === undefined ? {} : { init };

/** Weight and bias of a convolution with `inputs` input channels; `dense` is the weight's role where it is not depthwise. */
export function convTensors(
  key: string,
  spec: ConvSpec,
  inputs: number,
  dense: 'conv-weight' | 'patch-weight' = 'conv-weight',
): TensorSpec[] {
  const { filters, kernel, bias, groups = 1, init } = spec;
  if (groups !== 1 && (groups !== inputs || groups !== filters)) {
    throw new Error(
      `${key}: ${groups} groups of ${inputs} channels for ${filters} filters are not depthwise.`,
    );
  }
  const fanIn = (inputs / groups) * kernel * kernel;
  const role: TensorRole = groups === 1 ? dense : 'depthwise-weight';
  const shape = [filters, inputs / groups, kernel, kernel];
  const weight: TensorSpec = { name: `${key}.weight`, shape, role, fanIn, ...starting(init?.weight) };
  if (!bias) return [weight];
  return [weight, { name: `${key}.bias`, shape: [filters], role: 'bias', fanIn, ...starting(init?.bias) }];
}

/** Weight and bias of a linear layer. */
export function linearTensors(
  key: string,
  inputs: number,
  features: number,
  spec: LinearSpec = {},
): TensorSpec[] {
  const names = linearNames(key, spec);
  const shape = spec.asConvolution === true ? [features, inputs, 1, 1] : [features, inputs];
  const weight: TensorSpec = {
    name: names.weight,
    shape,
    role: 'linear-weight',
    fanIn: inputs,
    ...starting(spec.init?.weight),
  };
  if (names.bias === null) return [weight];
  const bias: TensorSpec = {
    name: names.bias,
    shape: [features],
    role: 'bias',
    fanIn: inputs,
    ...starting(spec.init?.bias),
  };
  return [weight, bias];
}

/** The names of a linear layer's tensors. */
export function linearNames(key: string, spec: LinearSpec = {}): { weight: string; bias: string | null } {
  const { weight, bias } = spec.names ?? { weight: `${key}.weight`, bias: `${key}.bias` };
  return { weight, bias: spec.bias === false ? null : bias };
}

/** Scale and shift of a normalisation by the last axis (`LayerNorm`): no statistics are kept. */
export function layerNormTensors(key: string, features: number): TensorSpec[] {
  const shape = [features];
  return [
    { name: `${key}.weight`, shape, role: 'norm-weight', fanIn: 0 },
    { name: `${key}.bias`, shape, role: 'norm-bias', fanIn: 0 },
  ];
}

/** The five tensors of a batch-norm. */
export function normTensors(key: string, channels: number): TensorSpec[] {
  const shape = [channels];
  return [
    ...layerNormTensors(key, channels),
    { name: `${key}.running_mean`, shape, role: 'running-mean', fanIn: 0 },
    { name: `${key}.running_var`, shape, role: 'running-variance', fanIn: 0 },
    { name: `${key}.num_batches_tracked`, shape: [], role: 'batches-tracked', fanIn: 0 },
  ];
}
