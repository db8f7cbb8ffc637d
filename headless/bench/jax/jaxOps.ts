import type * as Jax from '@jax-js/jax';
import { BATCH_NORM_EPSILON } from '../../../src/compute/nn/initialise';
import type { ConvSpec, LayerOps } from '../../../src/compute/nn/network';

/** jax-js, loaded by whoever measures it. */
export type JaxModule = typeof Jax;
type Value = Jax.numpy.Array;

/** Weights by PyTorch's names; never consumed here. */
export type Weights = Readonly<Record<string, Value>>;

interface Then<T> {
  readonly relu: boolean;
  readonly residual?: T;
}

/** The layers that UNet and ResNet-18 are made of. */
type UsedLayer =
  | 'conv'
  | 'convNorm'
  | 'concatConvNorm'
  | 'linear'
  | 'maxPool'
  | 'globalAveragePool'
  | 'upsample2x'
  | 'padTo'
  | 'concat';

/**
 * A network definition over jax-js arrays, NCHW, inside one `jit`. jax-js counts references: whatever is used here is used
 * through `.ref`, which costs nothing while tracing.
 */
export class JaxOps implements Pick<LayerOps<Value>, UsedLayer> {
  /**
   * @param mode `train`: batch-norm by the batch's statistics; `folded`: weights that have it inside.
   * @param upsampling matrices by the size they double.
   */
  constructor(
    private readonly jax: JaxModule,
    private readonly weights: Weights,
    private readonly upsampling: Weights,
    private readonly mode: 'train' | 'folded',
  ) {}

  /** For a definition that uses no other layers. */
  asLayers(): LayerOps<Value> {
    return this as Pick<LayerOps<Value>, UsedLayer> as LayerOps<Value>;
  }

  conv(x: Value, key: string, spec: ConvSpec): Value {
    const y = this.convolve(x, key, spec);
    return spec.bias || this.mode === 'folded' ? y.add(this.perChannel(`${key}.bias`)) : y;
  }

  convNorm(x: Value, convKey: string, normKey: string, spec: ConvSpec, then: Then<Value>): Value {
    const { jax, mode } = this;
    const y =
      mode === 'folded'
        ? this.conv(x, convKey, spec)
        : this.normalize(this.convolve(x, convKey, spec), normKey);
    const sum = then.residual ? y.add(then.residual.ref) : y;
    return then.relu ? jax.nn.relu(sum) : sum;
  }

  concatConvNorm(
    parts: readonly [Value, Value],
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: Then<Value>,
  ): Value {
    return this.convNorm(this.concat(parts), convKey, normKey, spec, then);
  }

  linear(x: Value, key: string): Value {
    const y = this.jax.lax.dot(x.ref, this.weight(`${key}.weight`), {
      lhsContractingDims: [1],
      rhsContractingDims: [1],
    });
    return y.add(this.weight(`${key}.bias`));
  }

  maxPool(x: Value, size: number): Value {
    const [n = 0, c = 0, h = 0, w = 0] = x.shape;
    return this.jax.numpy.max(x.ref.reshape([n, c, h / size, size, w / size, size]), [3, 5]);
  }

  globalAveragePool(x: Value): Value {
    return this.jax.numpy.mean(x.ref, [2, 3]);
  }

  /** Two matrix products, the last axis first; the result is transposed back. */
  upsample2x(x: Value): Value {
    const [, , h = 0, w = 0] = x.shape;
    const dims = { lhsContractingDims: [3], rhsContractingDims: [1] };
    const { lax, numpy } = this.jax;
    const wide = lax.dot(x.ref, this.matrix(w), dims);
    const turned = lax.dot(numpy.transpose(wide, [0, 1, 3, 2]), this.matrix(h), dims);
    return numpy.transpose(turned, [0, 1, 3, 2]);
  }

  padTo(x: Value, like: Value): Value {
    if (
      x.shape.join() !== like.shape.join() &&
      (x.shape[2] !== like.shape[2] || x.shape[3] !== like.shape[3])
    )
      throw new Error('The benchmark knows image sizes that are multiples of 16 only.');
    return x;
  }

  concat(parts: readonly Value[]): Value {
    return this.jax.numpy.concatenate(
      parts.map((part) => part.ref),
      1,
    );
  }

  private normalize(x: Value, key: string): Value {
    const { numpy } = this.jax;
    const options = { keepdims: true };
    const axes = [0, 2, 3];
    const centred = x.ref.sub(numpy.mean(x.ref, axes, options));
    const variance = numpy.mean(numpy.square(centred.ref), axes, options);
    const scale = numpy.sqrt(variance.add(BATCH_NORM_EPSILON));
    return centred
      .div(scale)
      .mul(this.perChannel(`${key}.weight`))
      .add(this.perChannel(`${key}.bias`));
  }

  private convolve(x: Value, key: string, spec: ConvSpec): Value {
    const { stride, pad } = spec;
    return this.jax.lax.convGeneralDilated(
      x.ref,
      this.weight(`${key}.weight`),
      [stride, stride],
      [
        [pad, pad],
        [pad, pad],
      ],
    );
  }

  private perChannel(name: string): Value {
    return this.weight(name).reshape([-1, 1, 1]);
  }

  private weight(name: string): Value {
    const value = this.weights[name];
    if (!value) throw new Error(`The network has no ${name}.`);
    return value.ref;
  }

  private matrix(size: number): Value {
    const value = this.upsampling[String(size)];
    if (!value) throw new Error(`No upsampling matrix of size ${size}.`);
    return value.ref;
  }
}
