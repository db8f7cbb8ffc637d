import { create } from 'zustand';
import type { AdapterSummary } from '../protocol/device';
import type { WireError } from '../protocol/errors';
import type { DeviceReady } from '../protocol/messages';
import type { ArchitectureDescriptor, AttackDescriptor } from '../protocol/summaries';

type DeviceStatus = 'starting' | 'ready' | 'unsupported' | 'no-adapter' | 'lost' | 'failed';

interface DeviceState {
  readonly status: DeviceStatus;
  /** Kernels checked on the device that is being opened, of all; null before that is known. */
  readonly opening: { readonly done: number; readonly total: number } | null;
  readonly adapter: AdapterSummary | null;
  readonly attacks: readonly AttackDescriptor[];
  /** What a victim can be trained as. */
  readonly architectures: readonly ArchitectureDescriptor[];
  readonly kernels: DeviceReady['kernels'] | null;
  readonly error: WireError | null;
  readonly memory: { readonly tensors: number; readonly gpuBytes: number } | null;
}

/** The GPU behind the worker, and what the engine offers. */
export const useDeviceStore = create<DeviceState>()(() => ({
  status: 'starting',
  opening: null,
  adapter: null,
  attacks: [],
  architectures: [],
  kernels: null,
  error: null,
  memory: null,
}));

/** The engine is up. */
export function deviceReady(ready: DeviceReady): void {
  useDeviceStore.setState({
    status: 'ready',
    opening: null,
    adapter: ready.adapter,
    attacks: ready.attacks,
    architectures: ready.architectures,
    kernels: ready.kernels,
    error: null,
  });
}

/** The engine could not start, or has gone: which of the two the code says. */
export function deviceFailed(error: WireError): void {
  useDeviceStore.setState({ status: statusOf(error), error });
}

function statusOf({ code }: WireError): DeviceStatus {
  switch (code) {
    case 'gpu/unsupported':
      return 'unsupported';
    case 'gpu/no-adapter':
      return 'no-adapter';
    case 'gpu/device-lost':
    case 'worker/crashed':
      return 'lost';
    default:
      return 'failed';
  }
}
