import type { RefineSettings } from '../../../src/protocol/experiment';
import type { JaxModule } from './jaxOps';
import type * as Jax from '@jax-js/jax';

type Value = Jax.numpy.Array;

const TINY = 1.1754943508222875e-38;

/**
 * `BCELoss(softmax(logits), targets)`, logarithms clamped at -100. Consumes both, [N, K] each.
 */
export function jaxBinaryCrossEntropy(jax: JaxModule, logits: Value, targets: Value): Value {
  const { numpy, nn } = jax;
  const p = nn.softmax(logits, 1);
  const log = (x: Value): Value => numpy.maximum(numpy.log(numpy.maximum(x, TINY)), -100);
  const rest = targets.ref.neg().add(1);
  const likely = targets.mul(log(p.ref)).add(rest.mul(log(p.neg().add(1))));
  return numpy.mean(likely).neg();
}

/**
 * The two-view supervised contrastive loss over N x N similarities, as the studio computes it (a copy of every image stands in
 * the weights, not in a 2N x 2N matrix). Consumes `images` [N, ...] and `oneHot` [N, K].
 * @param self the identity matrix [N, N], not consumed.
 */
export function jaxSupcon(
  jax: JaxModule,
  images: Value,
  oneHot: Value,
  self: Value,
  settings: Pick<RefineSettings, 'temperature' | 'supconViews'>,
): Value {
  const { numpy, lax } = jax;
  const [count = 0] = images.shape;
  const rows = { keepdims: true };
  const outer = { lhsContractingDims: [1], rhsContractingDims: [1] };
  const flat = images.reshape([count, -1]);
  const length = numpy.sqrt(numpy.sum(numpy.square(flat.ref), 1, rows));
  const z = flat.div(numpy.maximum(length, 1e-12));
  const s = lax.dot(z.ref, z, outer).div(settings.temperature);
  const weight = self.ref.neg().add(settings.supconViews);
  const same = lax.dot(oneHot.ref, oneHot, outer);
  const positive = same.mul(weight.ref);
  const share = positive.ref.div(numpy.maximum(numpy.sum(positive, 1, rows), 1));
  const shifted = s.ref.sub(lax.stopGradient(numpy.max(s, 1, rows)));
  const total = numpy.sum(weight.mul(numpy.exp(shifted.ref)), 1);
  return numpy.mean(numpy.log(total).sub(numpy.sum(share.mul(shifted), 1)));
}
