import type { RefineSettings } from '../../protocol/experiment';
import type { DeviceBatches } from '../kernels/augment/deviceBatches';
import { movesInPlace } from '../kernels/optimizer/movingAverage';
import { compileAhead, type CompileProgress } from '../plan/compileAhead';
import { tf, WebGPUBackend } from '../tf';
import { refineLossAndGradients } from './refineLoss';
import type { RefineModel } from './refineModel';

/** What a step computes with. All stays the caller's. */
export interface CompiledParts {
  readonly model: RefineModel;
  readonly inverse: tf.Tensor1D;
  readonly images: DeviceBatches;
  readonly settings: RefineSettings;
  readonly height: number;
  readonly width: number;
}

/**
 * Compiles the shaders of a REFINE step (images, labels, losses and gradients) ahead, as `compileAhead`. Weights, running
 * statistics and their counter stay as they are. @returns how many were compiled; 0 where a step cannot be recorded.
 */
export async function compileStep(parts: CompiledParts, onProgress?: CompileProgress): Promise<number> {
  const { model, inverse, images, settings, height, width } = parts;
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend) || !movesInPlace()) return 0;
  // Real and tiny or short-lived: tfjs computes small tensors that are not on the device on the CPU.
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const make = (size: number): GPUBuffer =>
    backend.device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  const { batchSize } = settings;
  const pixelBuffer = make(batchSize * height * width * 3 * 4);
  const labelBuffer = make(batchSize * 4);
  const step = (): void => {
    images.pixels().dispose();
    const shape: [number, number, number, number] = [batchSize, height, width, 3];
    const pixels = tf.tensor<tf.Rank.R4>({ buffer: pixelBuffer, zeroCopy: true }, shape, 'float32');
    model.pseudoLabels(pixels);
    const labels = tf.tensor<tf.Rank.R1>({ buffer: labelBuffer, zeroCopy: true }, [batchSize], 'int32');
    refineLossAndGradients(model, pixels, inverse, settings, labels);
  };
  try {
    return await compileAhead(
      backend,
      () => model.transform.uncounted(() => tf.tidy(step)),
      new Set([pixelBuffer, labelBuffer]),
      onProgress,
    );
  } finally {
    pixelBuffer.destroy();
    labelBuffer.destroy();
  }
}
