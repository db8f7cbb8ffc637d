import type { LayoutLimits } from './layout';

/** Larger banks bring nothing, and drivers refuse the largest buffers that they promise. */
const BANK_BYTES = 1 << 30;

/** What a device allows a plan's buffers. */
export function layoutLimits({ limits }: GPUDevice): LayoutLimits {
  return {
    alignment: Math.max(limits.minStorageBufferOffsetAlignment, limits.minUniformBufferOffsetAlignment),
    bankBytes: Math.min(BANK_BYTES, limits.maxBufferSize),
  };
}
