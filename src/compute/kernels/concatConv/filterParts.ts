import type { tf } from '../../tf';
import { ints, runKernel, WORKGROUP, type KernelHost } from '../host';

const HEAD = `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.w) { return; }
  let column = i % uniforms.shape.x;
  let tap = i / uniforms.shape.x;`;

/** `channels` of the input channels of a filter [k,k,C,Co], from `first` on: [k,k,channels,Co]. The caller owns the result. */
export function filterPart(
  host: KernelHost,
  filter: tf.TensorInfo,
  first: number,
  channels: number,
): tf.TensorInfo {
  const [height = 0, width = 0, all = 0, outputs = 0] = filter.shape;
  const size = height * width * channels * outputs;
  return runKernel(host, {
    key: 'filter-part',
    inputs: [{ name: 'whole', tensor: filter, components: 1 }],
    outputComponents: 1,
    output: [height, width, channels, outputs],
    uniforms: { shape: ints(channels * outputs, all * outputs, first * outputs, size) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `${HEAD}
  result[i] = whole[tap * uniforms.shape.y + uniforms.shape.z + column];
}`,
  });
}

/** The inverse: [k,k,Ca,Co] and [k,k,Cb,Co] to [k,k,Ca+Cb,Co]. The caller owns the result. */
export function joinFilters(host: KernelHost, a: tf.TensorInfo, b: tf.TensorInfo): tf.TensorInfo {
  const [height = 0, width = 0, inputs = 0, outputs = 0] = a.shape;
  const both = inputs + (b.shape[2] ?? 0);
  const size = height * width * both * outputs;
  return runKernel(host, {
    key: 'filter-join',
    inputs: [
      { name: 'a', tensor: a, components: 1 },
      { name: 'b', tensor: b, components: 1 },
    ],
    outputComponents: 1,
    output: [height, width, both, outputs],
    uniforms: { shape: ints(both * outputs, inputs * outputs, 0, size) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `${HEAD}
  let split = uniforms.shape.y;
  if (column < split) { result[i] = a[tap * split + column]; }
  else { result[i] = b[tap * (uniforms.shape.x - split) + column - split]; }
}`,
  });
}
