import type { tf } from '../../tf';
import { WORKGROUP_REDUCE } from '../columnReduce/workgroupReduce';
import { floats, ints, runKernel, WORKGROUP, type KernelHost } from '../host';

/** What sums of parts are multiplied by. */
export interface LossScales {
  /** Of the log-likelihoods. */
  readonly likelihoods: number;
  /** Of the anchors' losses. */
  readonly anchors: number;
  /** λ of Eq. 5. */
  readonly weight: number;
}

/**
 * [total, classification, supcon] of Eq. 5 in one dispatch, from the rows' log-likelihoods [N] and the anchors [N, 4] of
 * `supconAnchors`. The caller owns the result.
 */
export function lossSums(
  host: KernelHost,
  likelihoods: tf.TensorInfo,
  anchors: tf.TensorInfo,
  scales: LossScales,
): tf.TensorInfo {
  return runKernel(host, {
    key: 'loss-sums',
    inputs: [
      { name: 'likelihoods', tensor: likelihoods, components: 1 },
      { name: 'anchors', tensor: anchors, components: 1 },
    ],
    outputComponents: 1,
    output: [3],
    uniforms: {
      shape: ints(likelihoods.shape[0] ?? 0),
      factor: floats(scales.likelihoods, scales.anchors, scales.weight),
    },
    groups: 1,
    code: () => `${WORKGROUP_REDUCE}
fn main() {
  var likelihood = 0.0;
  var contrast = 0.0;
  for (var i = i32(localIndex); i < uniforms.shape.x; i += ${WORKGROUP}) {
    likelihood += likelihoods[i];
    contrast += anchors[4 * i + 3];
  }
  let classification = sumOver(likelihood) * uniforms.factor.x;
  let supcon = sumOver(contrast) * uniforms.factor.y;
  if (localIndex == 0u) {
    result[0] = classification + uniforms.factor.z * supcon;
    result[1] = classification;
    result[2] = supcon;
  }
}`,
  });
}
