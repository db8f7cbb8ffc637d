import { largestBinding } from '../device/largestBinding';
import type { FrozenClassifier } from '../nn/types';
import { tf } from '../tf';

/**
 * What a classifier says of a batch, image by image the same as of the whole batch, in as few parts as the device's largest binding
 * asks for: 64 images of 224 px make 206 MB behind a ResNet's first layer, and adapters may bind no more than 128 MiB. One part
 * where all fits, or where not even one image does. Differentiable; the caller disposes the results.
 *
 * @param limit bytes that one value may take.
 */
export function classifyInParts(
  network: FrozenClassifier,
  x: tf.Tensor4D,
  limit = largestBinding(),
): ReturnType<FrozenClassifier['forward']> {
  const [images, height, width] = x.shape;
  const bytes = network.largestValue(height, width) * Float32Array.BYTES_PER_ELEMENT;
  const fitting = Math.floor(limit / bytes);
  if (fitting >= images || fitting < 1) return network.forward(x);
  const parts = Math.ceil(images / fitting);
  const sizes = Array.from({ length: parts }, (_, i) => share(images, parts, i));
  const [logits, features] = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
    const said = tf.split<tf.Tensor4D>(x, sizes, 0).map((part) => network.forward(part));
    return [
      tf.concat2d(said.map((one) => one.logits), 0),
      tf.concat2d(said.map((one) => one.features), 0),
    ]; // prettier-ignore
  });
  return { logits, features };
}

/** Of so many images the part `index`: parts differ by one image at most. */
function share(images: number, parts: number, index: number): number {
  return Math.floor(((index + 1) * images) / parts) - Math.floor((index * images) / parts);
}
