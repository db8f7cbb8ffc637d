import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';
import { dropout } from './dropout';

/** The two masks of torchvision's VGG-16 head are this large each. */
const UNITS = 4096;

/** Dropout with its gradient. */
export function dropoutCases(batch: number): readonly KernelCase[] {
  const shape = [batch, UNITS];
  const key = { seed: 666, step: 1, layer: 0 };
  return [
    {
      kernel: 'dropout and gradient',
      shape: `batch ${batch}, ${UNITS} units`,
      flops: 0,
      bytes: floatBytes(4 * batch * UNITS),
      setUp: onTensors([shape, shape], (x, dy) => tf.grad((input) => dropout(input, 0.5, key))(x, dy)),
    },
  ];
}
