import { batchNormTrain } from '../kernels/batchNorm/batchNorm';
import { tf } from '../tf';
import { BATCH_NORM_EPSILON } from './initialise';
import type { ConvSpec } from './network';
import type { DropoutMasks } from './ops/dropout';
import { requireSeveralValues, type BatchStatistics } from './runningStatistics';
import { type ParameterHolder, type Then, VariableOps } from './variableOps';
import { asImages } from './weightlessOps';
import { withZeroGradient } from './zeroGradient';

/** Layers in train mode: batch-norm takes the batch's own statistics, and keeps them in `batch`; dropout drops. */
export class TrainOps extends VariableOps {
  readonly batch = new Map<string, BatchStatistics>();

  constructor(
    network: ParameterHolder,
    private readonly zeros: ReadonlyMap<number, tf.Tensor>,
    private readonly masks: DropoutMasks,
  ) {
    super(network);
  }

  norm(x: tf.Tensor, key: string, relu: boolean): tf.Tensor {
    return this.normalise(asImages(x), key, relu, null);
  }

  dropout(x: tf.Tensor, rate: number): tf.Tensor {
    return this.masks.apply(x, rate);
  }

  protected behindConv(
    convolved: tf.Tensor4D,
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: Then,
  ): tf.Tensor {
    const fused = then.relu && then.residual === undefined;
    const bias = spec.bias ? this.vector(`${convKey}.bias`) : null;
    const y = this.normalise(convolved, normKey, fused, bias);
    const zeros = this.zeros.get(spec.filters);
    const normed =
      spec.bias && zeros !== undefined ? withZeroGradient(y, this.variable(`${convKey}.bias`), zeros) : y;
    if (then.residual === undefined) return normed;
    const sum = tf.add(normed, then.residual);
    return then.relu ? tf.relu(sum) : sum;
  }

  private normalise(x: tf.Tensor4D, normKey: string, relu: boolean, bias: tf.Tensor1D | null): tf.Tensor4D {
    const count = x.size / x.shape[3];
    requireSeveralValues(count);
    const [gamma, beta] = [this.vector(`${normKey}.weight`), this.vector(`${normKey}.bias`)];
    const { y, statistics } = batchNormTrain(x, gamma, beta, BATCH_NORM_EPSILON, relu, bias);
    this.batch.set(normKey, { statistics, count });
    return y;
  }
}
