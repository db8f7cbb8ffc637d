import { augmentBytes, type Augmentation, type ByteImages } from '../../../data/augment';
import { tf, WebGPUBackend } from '../../tf';
import { hostOf } from '../registry';
import type { AugmentAttrs } from './kernel';
import { AUGMENT } from './names';
import { packedWords, wordsFor } from './packedWords';
import { PersistentInput } from './persistentInput';

/** How large each batch of a run is. */
export interface BatchSize {
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/**
 * Batches augmented where they are used. A step is `write(images)`, which uploads one byte a value into buffers that stay the
 * same, and `pixels()`, which records one or two dispatches that read them; a plan records `pixels()` once, and then each step
 * is `write` and a replay. Where the kernel is not installed or is switched off, `write` augments on the CPU and uploads
 * floats, as plannable, and the pixels are the same (to 1e-6); which of both it is is settled when the object is made.
 */
export class DeviceBatches {
  /** Whether the device augments; otherwise the CPU does. */
  readonly onDevice: boolean;
  private readonly attrs: AugmentAttrs;
  private readonly inputs: DeviceInputs | HostInputs;

  /** @param seed the run's, whole: with an image's stream number it decides the image. */
  constructor(size: BatchSize, augmentation: Augmentation, seed: number) {
    this.attrs = { ...size, augmentation, seed };
    const host = hostOf(AUGMENT);
    this.onDevice = host !== null;
    this.inputs = host
      ? new DeviceInputs(
          new PersistentInput<tf.Tensor1D>(host, [wordsFor(valuesOf(size))], 'int32'),
          new PersistentInput<tf.Tensor2D>(host, [size.count, 2], 'int32'),
        )
      : new HostInputs(size);
  }

  /** Makes `images` the batch of every `pixels()` from now on; what was recorded before keeps its own. */
  write(images: ByteImages): void {
    const { count } = this.attrs;
    if (images.bytes.length !== valuesOf(this.attrs) || images.streams.length !== 2 * count)
      throw new Error(`A batch of ${images.streams.length / 2} images where ${count} were announced.`);
    this.inputs.write(images, this.attrs);
  }

  /** The batch last written, float32 RGB in [0,1], [count, height, width, 3], good until the next `write`. The caller disposes it. */
  pixels(): tf.Tensor4D {
    return this.inputs.pixels(this.attrs);
  }

  /** `write` and `pixels` in one. */
  upload(images: ByteImages): tf.Tensor4D {
    this.write(images);
    return this.pixels();
  }

  dispose(): void {
    this.inputs.dispose();
  }
}

function valuesOf({ count, height, width }: BatchSize): number {
  return count * height * width * 3;
}

class DeviceInputs {
  constructor(
    private readonly bytes: PersistentInput<tf.Tensor1D>,
    private readonly ids: PersistentInput<tf.Tensor2D>,
  ) {}

  write(images: ByteImages): void {
    this.bytes.write(packedWords(images.bytes));
    this.ids.write(images.streams);
  }

  pixels(attrs: AugmentAttrs): tf.Tensor4D {
    const inputs = { bytes: this.bytes.tensor, ids: this.ids.tensor };
    return tf.engine().runKernel<tf.Tensor4D>(AUGMENT, inputs, { ...attrs });
  }

  dispose(): void {
    this.bytes.dispose();
    this.ids.dispose();
  }
}

/** The same on the CPU, for any backend; on WebGPU the floats keep their buffer. */
class HostInputs {
  private readonly input: PersistentInput<tf.Tensor4D> | null;
  private tensor: tf.Tensor4D | null;

  constructor({ count, height, width }: BatchSize) {
    const backend = tf.backend();
    const shape = [count, height, width, 3];
    this.input = backend instanceof WebGPUBackend ? new PersistentInput(backend, shape, 'float32') : null;
    this.tensor = this.input?.tensor ?? null;
  }

  write(images: ByteImages, { count, height, width, augmentation, seed }: AugmentAttrs): void {
    const values = augmentBytes(images, height, width, augmentation, seed);
    if (this.input) {
      this.input.write(values);
      return;
    }
    this.tensor?.dispose();
    this.tensor = tf.keep(tf.tensor4d(values, [count, height, width, 3]));
  }

  pixels(): tf.Tensor4D {
    if (!this.tensor) throw new Error('No batch was written.');
    return this.tensor.clone();
  }

  dispose(): void {
    this.tensor?.dispose();
    this.tensor = null;
  }
}
