import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels } from '../kernels/install';
import { poison, relativeError, seededValues } from '../kernels/reference/check';
import { classificationReference } from '../kernels/reference/losses';
import { tf } from '../tf';
import { classesAsTheyAre, labelCrossEntropy } from './labelCrossEntropy';

let open: OpenDevice;
beforeAll(async () => {
  open = await openDevice();
});
afterAll(() => open.close());

describe.each(['stock kernels', 'own kernels'])('cross-entropy of labels, %s', (kernels) => {
  it.each([
    [1, 4],
    [7, 5],
    [33, 131],
  ])('%i rows of %i classes, times a factor, as in float64', async (rows, classes) => {
    const installed = kernels === 'own kernels' ? installKernels(open.backend) : null;
    const values = seededValues(rows * classes, rows);
    const labels = Array.from({ length: rows }, (_, i) => (3 * i + 1) % classes);
    const before = tf.memory().numTensors;
    await poison(rows * classes, rows, 1);
    const [x, own, inverse] = [
      tf.tensor2d(values, [rows, classes]),
      tf.tensor1d(labels, 'int32'),
      classesAsTheyAre(classes),
    ];
    const { value, grad } = tf.valueAndGrad((logits: tf.Tensor) =>
      tf.mul(labelCrossEntropy(logits as tf.Tensor2D, own, inverse), 3),
    )(x);
    const reference = classificationReference(values, labels, classes, 'ce');
    expect(relativeError(await value.data(), [3 * reference.loss])).toBeLessThan(1e-6);
    const expected = reference.gradient.map((slope) => 3 * slope);
    expect(relativeError(await grad.data(), expected)).toBeLessThan(1e-6);
    tf.dispose([x, own, inverse, value, grad]);
    expect(tf.memory().numTensors).toBe(before);
    installed?.uninstall();
  });
});
