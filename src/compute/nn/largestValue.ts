import { CONCAT_CONV } from '../kernels/concatConv/names';
import { hostOf } from '../kernels/registry';
import type { BoundNetwork } from './network';
import { elementCount, traceNetwork, type NetworkTrace } from './trace';

/**
 * The most numbers that any value of a network holds for one image of this size, its input included. Of a network that takes images of one
 * size only, for that size.
 */
export function largestValue(bound: BoundNetwork, height: number, width: number): number {
  const inputShape: [number, number, number] = [height, width, bound.inputShape[2]];
  const { layers } = traceAt(bound, inputShape);
  // A concatenation in front of a convolution is never made where a kernel of ours reads both parts.
  const made = hostOf(CONCAT_CONV) ? layers.filter(({ kind }) => kind !== 'Concat') : layers;
  return Math.max(elementCount(inputShape), ...made.map(({ outputShape }) => elementCount(outputShape)));
}

/** `largestValue`, each size worked out once. */
export function largestValueOf(bound: BoundNetwork): (height: number, width: number) => number {
  const known = new Map<string, number>();
  return (height, width) => {
    const key = `${height} ${width}`;
    const found = known.get(key) ?? largestValue(bound, height, width);
    known.set(key, found);
    return found;
  };
}

function traceAt(bound: BoundNetwork, inputShape: readonly [number, number, number]): NetworkTrace {
  try {
    return traceNetwork({ ...bound, inputShape });
  } catch {
    // Its definition fits its own size only.
    return traceNetwork(bound);
  }
}
