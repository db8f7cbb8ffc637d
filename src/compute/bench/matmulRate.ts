import { installKernels } from '../kernels/install';
import type { OpenDevice } from '../device/device';
import { gpuFence } from '../refine/gpuFence';
import { tf } from '../tf';

/** The fastest dense f32 product found on an adapter. */
export interface MatmulRate {
  readonly gflops: number;
  /** Rows, columns and inner dimension of the product that was fastest. */
  readonly size: number;
  /** `tfjs matMul`, or `ours, 1x1 convolution`. */
  readonly by: string;
  /** Every attempt. */
  readonly tried: readonly { readonly by: string; readonly size: number; readonly gflops: number }[];
}

/** One product should take this long at least; larger ones are tried until it does. */
const LONG_ENOUGH_MS = 200;
const SIZES = [256, 512, 1024, 2048, 4096] as const;

/**
 * Floating-point operations per second that the adapter reaches in a large product, by tfjs's own kernel and by ours (a 1x1
 * convolution is one): what a step's rate is compared with, because peak rates on paper are not known to WebGPU.
 */
export async function matmulRate(open: OpenDevice): Promise<MatmulRate> {
  const stock = await climb('tfjs matMul', (size) => {
    const [a, b] = operands([size, size], [size, size]);
    return { run: () => tf.matMul(a, b), operands: [a, b] };
  });
  const installed = installKernels(open.backend);
  const ours = await climb('ours, 1x1 convolution', (size) => {
    const [x, w] = operands([1, 1, size, size], [1, 1, size, size]);
    return { run: () => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'), operands: [x, w] };
  }).finally(() => installed.uninstall());
  const tried = [...stock, ...ours];
  const best = tried.reduce((a, b) => (b.gflops > a.gflops ? b : a));
  return { ...best, tried };
}

function operands(a: number[], b: number[]): [tf.Tensor, tf.Tensor] {
  return [tf.keep(tf.randomUniform(a, -1, 1)), tf.keep(tf.randomUniform(b, -1, 1))];
}

interface Product {
  readonly run: () => tf.Tensor;
  readonly operands: readonly tf.Tensor[];
}

async function climb(by: string, make: (size: number) => Product): Promise<MatmulRate['tried'][number][]> {
  const tried: MatmulRate['tried'][number][] = [];
  for (const size of SIZES) {
    const product = make(size);
    const ms = await fastest(product);
    tf.dispose([...product.operands]);
    tried.push({ by, size, gflops: (2 * size ** 3) / ms / 1e6 });
    if (ms > LONG_ENOUGH_MS) break;
  }
  return tried;
}

/** Of three, after one that compiles. */
async function fastest({ run }: Product): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 4; i++) {
    const started = performance.now();
    const result = run();
    await gpuFence();
    if (i > 0) least = Math.min(least, performance.now() - started);
    result.dispose();
  }
  return least;
}
