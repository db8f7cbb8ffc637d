import type { tf } from '../../tf';
import { WORKGROUP_REDUCE } from '../columnReduce/workgroupReduce';
import { ints, runKernel, WORKGROUP, type KernelHost } from '../host';

/** `bce`: nn.BCELoss of the softmax; `ce`: categorical cross-entropy of the log-softmax. */
export type ClassificationKind = 'bce' | 'ce';

/** What the log-likelihoods are divided by, with a minus, to give the loss: `bce` is a mean over classes too. */
export function lossCount(kind: ClassificationKind, rows: number, classes: number): number {
  return kind === 'bce' ? rows * classes : rows;
}

// A workgroup a row. `target` is the class of the victim that stands for the row's label, `top` the row's largest logit and
// `total` the softmax's denominator. All of it is uniform in the workgroup.
const ROW = `
  let row = groupIndex();
  let classes = uniforms.shape.y;
  let bce = uniforms.shape.z > 0;
  let first = row * classes;
  let target_ = inverse[labels[row]];
  var largest = -3.0e38;
  for (var j = i32(localIndex); j < classes; j += ${WORKGROUP}) { largest = max(largest, logits[first + j]); }
  let top = maxOver(largest);
  var part = 0.0;
  for (var j = i32(localIndex); j < classes; j += ${WORKGROUP}) { part += exp(logits[first + j] - top); }
  let total = sumOver(part);`;

/** One dispatch over the rows. */
function overRows(
  host: KernelHost,
  { logits, labels, inverse }: ClassificationInputs,
  kind: ClassificationKind,
  dispatch: { readonly key: string; readonly perClass: boolean; readonly code: string },
): tf.TensorInfo {
  const [rows = 0, classes = 0] = logits.shape;
  return runKernel(host, {
    key: `classification-${dispatch.key}`,
    inputs: [
      { name: 'logits', tensor: logits, components: 1 },
      { name: 'labels', tensor: labels, components: 1 },
      { name: 'inverse', tensor: inverse, components: 1 },
    ],
    outputComponents: 1,
    output: dispatch.perClass ? [rows, classes] : [rows],
    uniforms: { shape: ints(rows, classes, kind === 'bce' ? 1 : 0) },
    groups: rows,
    code: () => WORKGROUP_REDUCE + dispatch.code,
  });
}

/** What the classification loss reads. */
export interface ClassificationInputs {
  /** [N, K], the victim's own classes. */
  readonly logits: tf.TensorInfo;
  /** int32 [N], the person's classes. */
  readonly labels: tf.TensorInfo;
  /** int32 [K]: the victim's class for every class of the person's, the inverse of Eq. 4's map. */
  readonly inverse: tf.TensorInfo;
}

/** Every row's log-likelihood, [N]: the loss is minus their sum over `lossCount`. The caller owns the result. */
export function logLikelihoods(
  host: KernelHost,
  inputs: ClassificationInputs,
  kind: ClassificationKind,
): tf.TensorInfo {
  return overRows(host, inputs, kind, {
    key: 'likelihoods',
    perClass: false,
    // Below the smallest normal number GPUs may flush to zero, whose logarithm is -infinity; BCELoss clamps at -100.
    code: `
fn clampedLog(x : f32) -> f32 {
  let tiny = 1.1754943508222875e-38;
  return select(-100.0, max(log(max(x, tiny)), -100.0), x >= tiny);
}
fn main() {
${ROW}
  var sum = 0.0;
  for (var j = i32(localIndex); j < classes; j += ${WORKGROUP}) {
    let shifted = logits[first + j] - top;
    if (bce) {
      let p = exp(shifted) / total;
      sum += clampedLog(select(1.0 - p, p, j == target_));
    } else if (j == target_) {
      sum += shifted - log(total);
    }
  }
  let likelihood = sumOver(sum);
  if (localIndex == 0u) { result[row] = likelihood; }
}`,
  });
}

/**
 * The gradient of the loss in the logits, [N, K]. For `bce` it is PyTorch's closed form, (p - y) / max(p(1 - p), 1e-12),
 * through the softmax. The caller owns the result.
 */
export function classificationGradient(
  host: KernelHost,
  inputs: ClassificationInputs,
  kind: ClassificationKind,
): tf.TensorInfo {
  return overRows(host, inputs, kind, {
    key: 'gradient',
    perClass: true,
    code: `
fn slope(p : f32, y : f32) -> f32 { return (p - y) / max((1.0 - p) * p, 1e-12); }
fn main() {
${ROW}
  var sum = 0.0;
  if (bce) {
    for (var j = i32(localIndex); j < classes; j += ${WORKGROUP}) {
      let p = exp(logits[first + j] - top) / total;
      sum += slope(p, select(0.0, 1.0, j == target_)) * p;
    }
  }
  let mean = sumOver(sum);
  let count = f32(uniforms.shape.x) * f32(select(1, classes, bce));
  for (var j = i32(localIndex); j < classes; j += ${WORKGROUP}) {
    let p = exp(logits[first + j] - top) / total;
    let y = select(0.0, 1.0, j == target_);
    result[first + j] = select(p - y, p * (slope(p, y) - mean), bce) / count;
  }
}`,
  });
}
