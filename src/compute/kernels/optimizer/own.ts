import { tf } from '../../tf';
import { relativeError, seededValues } from '../reference/check';
import type { OwnKernel } from '../registry';
import { IN_PLACE, sgdStep } from './sgd';

/** The in-place optimiser steps: not a tfjs kernel, but installed, checked and switched off like one. */
export const inPlaceKernel: OwnKernel = {
  name: IN_PLACE,
  async check() {
    const [ps, gs, vs] = [seededValues(77, 13), seededValues(77, 14), seededValues(77, 15)];
    const [p0, v0, grad] = [tf.tensor1d(ps), tf.tensor1d(vs), tf.tensor1d(gs)];
    const [param, velocity] = [tf.variable(p0), tf.variable(v0)];
    sgdStep([{ param, grad, velocity }], { learningRate: 0.5, momentum: 0.75, weightDecay: 0.25 });
    const values = await param.data();
    tf.dispose([param, velocity, p0, v0, grad]);
    const expected = ps.map((p, i) => p - 0.5 * (0.75 * (vs[i] ?? 0) + (gs[i] ?? 0) + 0.25 * p));
    return relativeError(values, expected);
  },
};
