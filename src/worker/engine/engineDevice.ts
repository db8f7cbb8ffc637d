import { openDevice, type OpenDevice } from '../../compute/device/device';
import { withBackendAside } from '../../compute/device/setAside';
import { type FailedKernel, installKernels } from '../../compute/kernels/install';
import type { TuningStore } from '../../compute/kernels/tuning/store';
import { tuneTiles, type Tuning } from '../../compute/kernels/tuning/tune';
import type { StudioError } from '../../protocol/errors';

/** The engine's device with our kernels on it. */
export interface EngineDevice {
  readonly open: OpenDevice;
  readonly kernels: { readonly active: readonly string[]; readonly disabled: readonly FailedKernel[] };
  /** Which tiles the convolutions run on this adapter, and how that was found. */
  readonly tuning: Tuning;
  /**
   * Runs `body`, which may open devices of its own and needs the stock kernels, and puts everything here back in place after
   * it. Nothing else may compute meanwhile.
   */
  aside<T>(body: () => Promise<T>): Promise<T>;
  close(): void;
}

/** Who hears of the device's troubles. */
export interface DeviceListeners {
  readonly onLost: (error: StudioError) => void;
  readonly onError: (error: StudioError) => void;
}

/** How far opening a device is: kernels checked, of all. */
export type OpeningProgress = (done: number, total: number) => void;

/**
 * Opens the device, puts our kernels in place, checks each once, and chooses the convolutions' tiles: as kept in `store`, or
 * timed now (at most a second or two, on a graphics card only). @throws StudioError as `openDevice`.
 */
export async function openEngineDevice(
  gpu: GPU | undefined,
  listeners: DeviceListeners,
  store?: TuningStore,
  onProgress?: OpeningProgress,
): Promise<EngineDevice> {
  const open = await openDevice({ gpu });
  let kernels = installKernels(open.backend);
  const disabled = await kernels.selfCheck(onProgress);
  const tuning = await tuneTiles(open.backend, {
    store,
    adapterName: `${open.adapter.name} ${open.adapter.architecture}`,
    software: open.adapter.software,
  });
  const off = new Set(disabled.map((kernel) => kernel.name));
  open.onUncapturedError((error) => listeners.onError(error));
  void open.lost.then((error) => listeners.onLost(error));
  return {
    open,
    kernels: { active: kernels.names.filter((name) => !off.has(name)), disabled },
    tuning,
    async aside(body) {
      kernels.uninstall();
      try {
        return await withBackendAside(body);
      } finally {
        kernels = installKernels(open.backend);
      }
    },
    close() {
      kernels.uninstall();
      open.close();
    },
  };
}

/** Images a batch of evaluation has: as many 32x32 ones as suit the adapter, fewer where they are larger. */
export function evaluationBatch(software: boolean, height: number, width: number): number {
  const pixels = (software ? 100 : 250) * 32 * 32;
  return Math.max(1, Math.min(software ? 100 : 250, Math.floor(pixels / (height * width))));
}
