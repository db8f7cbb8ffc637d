import { PURPOSE } from '../../../data/random';
import type { tf } from '../../tf';
import { floats, ints, runKernel, WORKGROUP, type KernelHost } from '../host';
import { MULTIPLY_HIGH_WGSL, RANDOM_WGSL } from '../random/wgsl';
import { dropBelow, type DropoutKey } from './mask';

/** Values that share a block of the generator. */
const BLOCK = 4;

/** x masked and scaled, one block of the generator an invocation; any shape. The caller owns the result. */
export function runDropout(host: KernelHost, x: tf.TensorInfo, key: DropoutKey, rate: number): tf.TensorInfo {
  const size = x.shape.reduce((product, side) => product * side, 1);
  return runKernel(host, {
    key: 'dropout',
    inputs: [{ name: 'x', tensor: x, components: 1 }],
    outputComponents: 1,
    output: x.shape,
    uniforms: {
      // Words of 32 bits, read as unsigned below.
      stream: ints(key.seed | 0, PURPOSE.dropout, key.step | 0, key.layer | 0),
      shape: ints(size, dropBelow(rate) | 0),
      scale: floats(1 / (1 - rate)),
    },
    groups: Math.ceil(size / (WORKGROUP * BLOCK)),
    code: () => `${MULTIPLY_HIGH_WGSL}${RANDOM_WGSL}
fn main() {
  let block = groupIndex() * ${WORKGROUP} + i32(localIndex);
  let start = block * ${BLOCK};
  if (start >= uniforms.shape.x) { return; }
  let key = bitcast<vec4<u32>>(uniforms.stream);
  let words = philox(vec4<u32>(u32(block), key.z, key.w, 0u), key.xy);
  for (var i = 0; i < min(${BLOCK}, uniforms.shape.x - start); i++) {
    result[start + i] = select(x[start + i] * uniforms.scale.x, 0.0, words[i] < bitcast<u32>(uniforms.shape.y));
  }
}`,
  });
}
