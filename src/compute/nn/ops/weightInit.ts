import type { RandomStream } from '../../../data/random';

/** How one tensor starts. */
export type TensorInit =
  | { readonly kind: 'uniform'; readonly limit: number }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'constant'; readonly value: number };

/** How a layer's weight and bias start; what is absent starts as PyTorch's layer does by default. */
export interface LayerInit {
  readonly weight?: TensorInit;
  readonly bias?: TensorInit;
}

/** All zero. */
export const ZERO: TensorInit = { kind: 'constant', value: 0 };

/** N(0, deviation²). */
export function normalInit(deviation: number): TensorInit {
  return { kind: 'normal', deviation };
}

/** N(0, 2 / fan) for layers in front of a ReLU (He et al. 2015); `fan` counts inputs or outputs of a unit, as the definition says. */
export function heNormalInit(fan: number): TensorInit {
  return { kind: 'normal', deviation: Math.sqrt(2 / fan) };
}

/** U(±sqrt(6 / (inputs + outputs))) (Glorot and Bengio 2010). */
export function xavierUniformInit(inputs: number, outputs: number): TensorInit {
  return { kind: 'uniform', limit: Math.sqrt(6 / (inputs + outputs)) };
}

/** Draws a tensor's values into `data`. */
export function drawInit(init: TensorInit, stream: RandomStream, data: Float32Array): void {
  if (init.kind === 'constant') {
    data.fill(init.value);
    return;
  }
  for (let i = 0; i < data.length; i++) {
    data[i] =
      init.kind === 'uniform' ? stream.uniform(-init.limit, init.limit) : init.deviation * stream.normal();
  }
}
