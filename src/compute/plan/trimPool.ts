import type { BackendInternals } from './internals';

interface PoolInternals {
  readonly freeBuffers?: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

/** Destroys the buffers that tfjs keeps for later: it never gives one back by itself, and a plan has its own. */
export function trimPool({ bufferManager }: BackendInternals): void {
  const pool = bufferManager as unknown as PoolInternals;
  if (!(pool.freeBuffers instanceof Map)) return;
  for (const buffers of pool.freeBuffers.values()) {
    for (const buffer of buffers) {
      pool.numFreeBuffers -= 1;
      pool.numBytesAllocated -= buffer.size;
      buffer.destroy();
    }
    buffers.length = 0;
  }
}
