import { tf } from '../../tf';
import { floats, ints, runKernel, WORKGROUP } from '../host';
import { relativeError, seededValues } from '../reference/check';
import { hostOf, type OwnKernel } from '../registry';

const MOVING_AVERAGE = 'RefineMovingAverage';

const CODE = `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i < uniforms.count.x) {
    result[i] = uniforms.keep.x * result[i] + share[i] * batch[i];
  }
}`;

/**
 * average = keep average + share batch, element by element. In place where our kernels are installed (whatever shares the
 * variable's data sees it), through `assign` elsewhere. All float32 [L], L > 0; `batch` and `share` stay the caller's.
 */
export function moveAverage(
  average: tf.Variable<tf.Rank.R1>,
  batch: tf.Tensor1D,
  share: tf.Tensor1D,
  keep: number,
): void {
  const host = hostOf(MOVING_AVERAGE);
  if (!host) {
    tf.tidy(() => average.assign(tf.add(tf.mul(average, keep), tf.mul(share, batch))));
    return;
  }
  const { size } = average;
  runKernel(host, {
    key: 'moving-average',
    inputs: [
      { name: 'batch', tensor: batch, components: 1 },
      { name: 'share', tensor: share, components: 1 },
    ],
    outputComponents: 1,
    output: average,
    uniforms: { count: ints(size), keep: floats(keep) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => CODE,
  });
  const { tensorMap } = host as unknown as { tensorMap: { get(id: tf.DataId): { values: unknown } } };
  tensorMap.get(average.dataId).values = null;
}

/** Whether `moveAverage` keeps the variable's memory here. Where it does not, a step must not be recorded: it would lose it. */
export function movesInPlace(): boolean {
  return hostOf(MOVING_AVERAGE) !== null;
}

/** The in-place moving average: not a tfjs kernel, but installed, checked and switched off like one. */
export const movingAverageKernel: OwnKernel = {
  name: MOVING_AVERAGE,
  async check() {
    const [as, bs, ss] = [seededValues(77, 31), seededValues(77, 32), seededValues(77, 33)];
    const [start, batch, share] = [tf.tensor1d(as), tf.tensor1d(bs), tf.tensor1d(ss)];
    const average = tf.variable(start);
    moveAverage(average, batch, share, 0.75);
    const values = await average.data();
    tf.dispose([average, start, batch, share]);
    return relativeError(
      values,
      as.map((a, i) => 0.75 * a + (ss[i] ?? 0) * (bs[i] ?? 0)),
    );
  },
};
