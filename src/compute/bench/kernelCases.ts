import { augmentCases } from '../kernels/augment/bench';
import { batchNormCases } from '../kernels/batchNorm/bench';
import { classificationLossCases } from '../kernels/classificationLoss/bench';
import { columnReduceCases } from '../kernels/columnReduce/bench';
import { concatConvCases } from '../kernels/concatConv/bench';
import { conv2dCases } from '../kernels/conv2d/bench';
import { conv2dBackpropFilterCases } from '../kernels/conv2dBackpropFilter/bench';
import { conv2dBackpropInputCases } from '../kernels/conv2dBackpropInput/bench';
import { depthwiseCases } from '../kernels/depthwise/bench';
import { dropoutCases } from '../kernels/dropout/bench';
import { foldedConvCases } from '../kernels/foldedConv/bench';
import { maxPoolCases } from '../kernels/maxPool/bench';
import { optimizerCases } from '../kernels/optimizer/bench';
import { pixelCases } from '../kernels/pixels/bench';
import { randomCases } from '../kernels/random/bench';
import { resizeBilinearGradCases } from '../kernels/resizeBilinearGrad/bench';
import { supconCases } from '../kernels/supcon/bench';
import { tiledCases } from '../kernels/tiled/bench';
import type { KernelCase } from './kernelCase';

/** Every kernel's cases, in the order of the table. */
export function kernelCases(batch: number): readonly KernelCase[] {
  return [
    ...conv2dCases(batch),
    ...conv2dBackpropInputCases(batch),
    ...conv2dBackpropFilterCases(batch),
    ...tiledCases(batch),
    ...concatConvCases(batch),
    ...depthwiseCases(batch),
    ...foldedConvCases(batch),
    ...batchNormCases(batch),
    ...maxPoolCases(batch),
    ...resizeBilinearGradCases(batch),
    ...columnReduceCases(batch),
    ...pixelCases(batch),
    ...randomCases(batch),
    ...dropoutCases(batch),
    ...augmentCases(batch),
    ...classificationLossCases(batch),
    ...supconCases(batch),
    ...optimizerCases(),
  ];
}
