import type { WebGPUBackend } from '../tf';
import { augmentOwnKernel } from './augment/own';
import {
  batchNormGradientKernel,
  batchNormNormalizeKernel,
  batchNormStatisticsKernel,
} from './batchNorm/own';
import { classificationKernel, lossSumsKernel } from './classificationLoss/own';
import { meanKernel, sumKernel } from './columnReduce/own';
import { concatConvGradientKernel, concatConvKernel } from './concatConv/own';
import { compileChecks } from './compileChecks';
import { conv2dKernel, fusedConv2dKernel } from './conv2d/own';
import { conv2dBackpropFilterKernel } from './conv2dBackpropFilter/own';
import { conv2dBackpropInputKernel } from './conv2dBackpropInput/own';
import {
  depthwiseBackpropFilterKernel,
  depthwiseBackpropInputKernel,
  depthwiseKernel,
  foldedDepthwiseGradientKernel,
  foldedDepthwiseKernel,
} from './depthwise/own';
import { dropoutKernel } from './dropout/own';
import { foldedConvGradientKernel, foldedConvKernel, turnWeightsKernel } from './foldedConv/own';
import {
  maxPoolGradientKernel,
  maxPoolKernel,
  maxPoolPlacesKernel,
  stockMaxPoolGradKernel,
} from './maxPool/own';
import { movingAverageKernel } from './optimizer/movingAverage';
import { inPlaceKernel } from './optimizer/own';
import { clampGradientKernel, normalizePixelsKernel } from './pixels/own';
import { register, switchOff, unregister, type OwnKernel } from './registry';
import { resizeBilinearGradKernel } from './resizeBilinearGrad/own';
import { supconGradientKernel, supconKernel } from './supcon/own';

/** Every kernel of ours. */
const KERNELS: readonly OwnKernel[] = [
  conv2dKernel,
  fusedConv2dKernel,
  conv2dBackpropInputKernel,
  conv2dBackpropFilterKernel,
  concatConvKernel,
  concatConvGradientKernel,
  foldedConvKernel,
  turnWeightsKernel,
  foldedConvGradientKernel,
  depthwiseKernel,
  depthwiseBackpropInputKernel,
  depthwiseBackpropFilterKernel,
  foldedDepthwiseKernel,
  foldedDepthwiseGradientKernel,
  sumKernel,
  meanKernel,
  batchNormStatisticsKernel,
  batchNormNormalizeKernel,
  batchNormGradientKernel,
  classificationKernel,
  supconKernel,
  supconGradientKernel,
  lossSumsKernel,
  normalizePixelsKernel,
  clampGradientKernel,
  maxPoolKernel,
  maxPoolPlacesKernel,
  maxPoolGradientKernel,
  stockMaxPoolGradKernel,
  resizeBilinearGradKernel,
  inPlaceKernel,
  movingAverageKernel,
  augmentOwnKernel,
  dropoutKernel,
];

/** Errors that a correct kernel in f32 stays far below on the small check shapes. */
const TOLERANCE = 1e-4;

/** A kernel that the self-check switched off on this device, and why. */
export interface FailedKernel {
  readonly name: string;
  readonly reason: string;
}

/** What `installKernels` put in place. */
export interface InstalledKernels {
  /** Names in tfjs's registry, and our own. */
  readonly names: readonly string[];
  /**
   * Runs each kernel once on a small odd shape, into poisoned memory, against plain TypeScript, and switches those that fail
   * off on this device, so that the stock kernel or tfjs primitives take over. What they need is compiled before, all at once.
   * Call it while nothing else uses tfjs. @param onProgress told before the first kernel and after each.
   */
  selfCheck(onProgress?: (done: number, total: number) => void): Promise<readonly FailedKernel[]>;
  /** Restores the stock kernels, once nobody else has ours installed. */
  uninstall(): void;
}

// tfjs's registry outlives devices: the kernels go when the last of those who installed them lets go.
let holders = 0;

/**
 * Puts our kernels over tfjs's webgpu ones. Shapes that ours do not cover still go to the stock kernels. Safe to call for
 * each device that is opened; nothing else depends on it having been called.
 *
 * @param backend the device's backend; must be tfjs's current one when `selfCheck` runs.
 */
export function installKernels(backend: WebGPUBackend): InstalledKernels {
  for (const kernel of KERNELS) register(kernel);
  holders++;
  let held = true;
  return {
    names: KERNELS.map((kernel) => kernel.name),
    selfCheck: (onProgress = () => undefined) => checkAll(backend, onProgress),
    uninstall() {
      if (!held) return;
      held = false;
      holders--;
      if (holders === 0) for (const kernel of KERNELS) unregister(kernel.name);
    },
  };
}

async function checkAll(
  backend: WebGPUBackend,
  onProgress: (done: number, total: number) => void,
): Promise<readonly FailedKernel[]> {
  const failed: FailedKernel[] = [];
  onProgress(0, KERNELS.length);
  await compileChecks(backend, KERNELS);
  for (const [index, kernel] of KERNELS.entries()) {
    const reason = await failureOf(kernel);
    if (reason !== null) {
      switchOff(backend, kernel.name);
      failed.push({ name: kernel.name, reason });
    }
    onProgress(index + 1, KERNELS.length);
  }
  return failed;
}

async function failureOf(kernel: OwnKernel): Promise<string | null> {
  try {
    const error = await kernel.check();
    return error < TOLERANCE
      ? null
      : `its result is off by ${error.toExponential(1)} of the reference's norm`;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
