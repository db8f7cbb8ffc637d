import { StudioError } from '../../protocol/errors';
import type { AdapterSummary } from '../../protocol/device';
import { watchPipelines } from '../plan/watchPipelines';
import { tf, WebGPUBackend } from '../tf';

/** What the studio asks of a device beyond the defaults: features are taken where the adapter has them. */
const WANTED_FEATURES: readonly GPUFeatureName[] = ['timestamp-query', 'shader-f16', 'subgroups'];

/** An open device, already installed as tfjs's `webgpu` backend. */
export interface OpenDevice {
  readonly device: GPUDevice;
  readonly adapter: AdapterSummary;
  readonly backend: WebGPUBackend;
  /** Resolves, once, when the device is gone for a reason other than `close`. */
  readonly lost: Promise<StudioError>;
  /** Calls back for every error that WebGPU reports outside an error scope. Returns the unsubscribe function. */
  onUncapturedError(listener: (error: StudioError) => void): () => void;
  /** Destroys the device and removes the backend. Every tensor on it is gone. */
  close(): void;
}

/** How `openDevice` finds its adapter; tests and Node pass their own `gpu`. */
export interface OpenDeviceOptions {
  readonly gpu?: GPU | undefined;
  readonly powerPreference?: GPUPowerPreference;
}

/**
 * Requests an adapter and a device with the adapter's own limits, and registers it as tfjs's backend.
 *
 * @throws StudioError `gpu/unsupported` where the browser has no WebGPU, `gpu/no-adapter` where it has no adapter,
 * `gpu/error` where the adapter refuses a device.
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<OpenDevice> {
  const gpu = options.gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) {
    throw new StudioError(
      'gpu/unsupported',
      'This browser has no WebGPU. Open the studio in Chrome or Edge 113 or later on a desktop.',
    );
  }
  const adapter = await gpu.requestAdapter({
    powerPreference: options.powerPreference ?? 'high-performance',
  });
  if (!adapter) {
    throw new StudioError(
      'gpu/no-adapter',
      'WebGPU is present but found no graphics adapter. Update the graphics driver, or open chrome://gpu to see why it is blocked.',
    );
  }
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      label: 'refine-studio',
      requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
      requiredLimits: adapterLimits(adapter.limits),
    });
  } catch (cause) {
    throw new StudioError(
      'gpu/error',
      'The graphics adapter refused to open a device. Close other GPU-heavy tabs and try again.',
      {
        cause,
      },
    );
  }
  watchPipelines(device);
  return install(device, summarise(adapter));
}

/** Every numeric limit of the adapter, so that no buffer or binding is smaller than the hardware allows. */
function adapterLimits(limits: GPUSupportedLimits): Record<string, number> {
  const wanted: Record<string, number> = {};
  for (const name of [
    'maxStorageBufferBindingSize',
    'maxBufferSize',
    'maxStorageBuffersPerShaderStage',
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
    'maxComputeWorkgroupSizeY',
    'maxComputeWorkgroupSizeZ',
    'maxComputeWorkgroupsPerDimension',
  ] as const) {
    wanted[name] = limits[name];
  }
  return wanted;
}

function summarise(adapter: GPUAdapter): AdapterSummary {
  const { vendor, architecture, device, description } = adapter.info;
  const text = `${vendor} ${architecture} ${device} ${description}`;
  return {
    name: description || [vendor, device || architecture].filter(Boolean).join(' ') || 'unnamed adapter',
    vendor,
    architecture,
    software: adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|software|warp/i.test(text),
    features: [...adapter.features].sort(),
    maxBindingBytes: adapter.limits.maxStorageBufferBindingSize,
    maxBufferBytes: adapter.limits.maxBufferSize,
  };
}

async function install(device: GPUDevice, adapter: AdapterSummary): Promise<OpenDevice> {
  const listeners = new Set<(error: StudioError) => void>();
  let closed = false;
  device.addEventListener('uncapturederror', (event) => {
    const outOfMemory = event.error instanceof GPUOutOfMemoryError;
    const error = new StudioError(
      outOfMemory ? 'gpu/out-of-memory' : 'gpu/error',
      outOfMemory
        ? 'The graphics card ran out of memory. Use a smaller batch or a smaller transform.'
        : 'The graphics card reported an error, so the numbers of this run cannot be trusted.',
      { detail: event.error.message },
    );
    for (const listener of listeners) listener(error);
  });
  const lost = new Promise<StudioError>((resolve) => {
    void device.lost.then((info) => {
      if (closed) return;
      resolve(
        new StudioError(
          'gpu/device-lost',
          'The graphics device was lost (a driver reset, sleep, or another program). The last checkpoint is kept; start again from it.',
          { detail: `${info.reason}: ${info.message}` },
        ),
      );
    });
  });
  // The package registers a factory of its own that would request a second device; ours replaces it.
  if (tf.findBackendFactory('webgpu')) tf.removeBackend('webgpu');
  const backend = new WebGPUBackend(device);
  tf.registerBackend('webgpu', () => backend, 3);
  await tf.setBackend('webgpu');
  await tf.ready();
  return {
    device,
    adapter,
    backend,
    lost,
    onUncapturedError(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close() {
      closed = true;
      tf.removeBackend('webgpu');
      device.destroy();
    },
  };
}
