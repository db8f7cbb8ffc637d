import { installKernels } from '../kernels/install';
import type { OpenDevice } from '../device/device';
import { gpuFence } from '../refine/gpuFence';
import { tf } from '../tf';

/** One product that was timed: [rows, inner] by [inner, columns]. */
export interface TimedProduct {
  /** `tfjs matMul`, or `ours, 1x1 convolution`. */
  readonly by: string;
  readonly shape: readonly [number, number, number];
  readonly gflops: number;
}

/** The fastest dense f32 product found on an adapter, and every attempt. */
export interface MatmulRate extends TimedProduct {
  readonly tried: readonly TimedProduct[];
}

/** One product should take this long at least; larger ones are tried until it does. */
const LONG_ENOUGH_MS = 200;
const SQUARES = [256, 512, 1024, 2048, 4096] as const;
/** As long and narrow as the layers are: software adapters do better on it. */
const NARROW = [32768, 64, 64] as const;

/**
 * Floating-point operations per second that the adapter reaches in a large product, by tfjs's own kernel and by ours (a 1x1
 * convolution is one): what a step's rate is compared with, because peak rates on paper are not known to WebGPU.
 */
export async function matmulRate(open: OpenDevice): Promise<MatmulRate> {
  const stock = await climb('tfjs matMul', (a, b) => tf.matMul(a, b));
  const installed = installKernels(open.backend);
  const ours = await climb('ours, 1x1 convolution', (a, b) => {
    const x = tf.reshape<tf.Rank.R4>(a, [1, 1, ...(a.shape as [number, number])]);
    const w = tf.reshape<tf.Rank.R4>(b, [1, 1, ...(b.shape as [number, number])]);
    return tf.conv2d(x, w, 1, 'same');
  }).finally(() => installed.uninstall());
  return best([...stock, ...ours]);
}

/** The better of two measurements of one adapter: a busy machine is never faster than it can be. */
export function better(a: MatmulRate, b: MatmulRate): MatmulRate {
  return best([...a.tried, ...b.tried]);
}

function best(tried: readonly TimedProduct[]): MatmulRate {
  return { ...tried.reduce((a, b) => (b.gflops > a.gflops ? b : a)), tried };
}

type Multiply = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

async function climb(by: string, multiply: Multiply): Promise<TimedProduct[]> {
  const tried = [await timed(by, NARROW, multiply)];
  for (const size of SQUARES) {
    const product = await timed(by, [size, size, size], multiply);
    tried.push(product);
    if ((2 * size ** 3) / product.gflops / 1e6 > LONG_ENOUGH_MS) break;
  }
  return tried;
}

/** The fastest of three, after one that compiles. */
async function timed(by: string, shape: TimedProduct['shape'], multiply: Multiply): Promise<TimedProduct> {
  const [rows, inner, columns] = shape;
  const a = tf.keep(tf.randomUniform([rows, inner], -1, 1));
  const b = tf.keep(tf.randomUniform([inner, columns], -1, 1));
  let least = Infinity;
  for (let i = 0; i < 4; i++) {
    const started = performance.now();
    const result = tf.tidy(() => multiply(a, b));
    await gpuFence();
    if (i > 0) least = Math.min(least, performance.now() - started);
    result.dispose();
  }
  tf.dispose([a, b]);
  return { by, shape, gflops: (2 * rows * inner * columns) / least / 1e6 };
}
