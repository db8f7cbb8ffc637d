import { cifarResnetOfDepth } from '../nn/cifarResnet';
import type { BoundNetwork } from '../nn/network';
import { elementCount, traceNetwork } from '../nn/trace';
import { unet } from '../nn/unet';

/** Sizes of a training step: UNet first channels, victim width (ResNet-18), batch. Images are 32 x 32. */
export interface StepSize {
  readonly channels: number;
  readonly width: number;
  readonly batch: number;
}

/** Height and width of the images of every benchmark here. */
export const IMAGE_SIZE = 32;
/** Classes of the victim. */
export const CLASSES = 10;

/** Floating-point operations for one image; a multiply-accumulate counts as two. Convolutions and linear layers only. */
export interface NetworkCost {
  readonly forward: number;
  /** The gradient in the network's input and every layer's. */
  readonly inputGradient: number;
  /** As `inputGradient`, but the network's own input needs none. */
  readonly innerGradient: number;
  /** The gradient in the weights. */
  readonly weightGradient: number;
}

/**
 * Counted from the traced layers. Every layer costs the same three times over, but for the first: where nobody asks for the
 * gradient in the images, its input gradient is not computed. (It is the only layer that reads the images.)
 */
export function networkCost(bound: BoundNetwork): NetworkCost {
  const trace = traceNetwork(bound);
  const stem = trace.tensors.find((tensor) => tensor.role === 'conv-weight');
  const [first] = trace.layers;
  if (!stem || !first) throw new Error(`${bound.label} does not begin with a convolution.`);
  const [, inputs = 0, height = 0, width = 0] = stem.shape;
  const stemMacs = elementCount(first.outputShape) * inputs * height * width;
  const forward = 2 * trace.macs;
  return {
    forward,
    inputGradient: forward,
    innerGradient: forward - 2 * stemMacs,
    weightGradient: forward,
  };
}

/** The transform of a step. */
export function transformOf(size: StepSize): BoundNetwork {
  return unet(size.channels, [IMAGE_SIZE, IMAGE_SIZE]);
}

/** The victim of a step. */
export function victimOf(size: StepSize): BoundNetwork {
  return cifarResnetOfDepth(18, size.width, CLASSES, [IMAGE_SIZE, IMAGE_SIZE]);
}

/**
 * Operations of one whole training step: transform forward, input and weight gradients; victim forward and input gradient;
 * the label pass where it runs.
 */
export function stepFlops(size: StepSize, labelPass: boolean): number {
  const transform = networkCost(transformOf(size));
  const victim = networkCost(victimOf(size));
  const perImage =
    transform.forward +
    transform.innerGradient +
    transform.weightGradient +
    victim.forward * (labelPass ? 2 : 1) +
    victim.inputGradient;
  return size.batch * perImage;
}

/** "UNet 8, ResNet-18 of width 8, batch 32". */
export function sizeText({ channels, width, batch }: StepSize): string {
  return `UNet ${channels}, ResNet-18 of width ${width}, batch ${batch}`;
}
