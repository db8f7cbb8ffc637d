import { PURPOSE, RandomStream } from '../../../data/random';
import type { KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';
import { AUGMENT } from '../augment/names';
import { ints, runKernel, WORKGROUP, type KernelHost } from '../host';
import { hostOf } from '../registry';
import { MULTIPLY_HIGH_WGSL, RANDOM_WGSL } from './wgsl';

const DRAWS = 1024;
const SEED = 1;

/** Uniform numbers from one Philox stream an image, against the same numbers drawn by JavaScript and uploaded. */
export function randomCases(batch: number): readonly KernelCase[] {
  return [
    {
      kernel: 'random, Philox 4x32-10',
      shape: `${batch} streams of ${DRAWS.toLocaleString('en')}`,
      flops: 0,
      bytes: 4 * batch * DRAWS,
      setUp: () => ({
        run: () => {
          // Only augmentation draws; where it is off, so are its numbers.
          const host = hostOf(AUGMENT);
          if (host) return tf.engine().makeTensorFromTensorInfo(uniforms(host, batch));
          return tf.tensor2d(drawnHere(batch), [batch, DRAWS]);
        },
        dispose: () => undefined,
      }),
    },
  ];
}

/** Floats have 24 bits: `nextUniform`. */
function drawnHere(batch: number): Float32Array {
  const values = new Float32Array(batch * DRAWS);
  for (let i = 0; i < batch; i++) {
    const stream = new RandomStream(SEED, PURPOSE.sample, i);
    for (let k = 0; k < DRAWS; k++) values[i * DRAWS + k] = Math.floor(stream.uniform() * 2 ** 24) / 2 ** 24;
  }
  return values;
}

function uniforms(host: KernelHost, batch: number): tf.TensorInfo {
  // A kernel of the benchmark has to read something.
  const none = tf.zeros([1]);
  return runKernel(host, {
    key: 'bench-random',
    inputs: [{ name: 'none', tensor: none, components: 1 }],
    outputComponents: 1,
    output: [batch, DRAWS],
    uniforms: { shape: ints(batch, DRAWS, SEED, PURPOSE.sample) },
    groups: Math.ceil(batch / WORKGROUP),
    code: () => `
${MULTIPLY_HIGH_WGSL}${RANDOM_WGSL}
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.x) { return; }
  var stream = randomStream(u32(uniforms.shape.z), u32(uniforms.shape.w), u32(i), 0u);
  for (var k = 0; k < uniforms.shape.y; k++) {
    result[i * uniforms.shape.y + k] = nextUniform(&stream) + none[0];
  }
}`,
  });
}
