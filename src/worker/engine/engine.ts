import type { TuningStore } from '../../compute/kernels/tuning/store';
import { tf } from '../../compute/tf';
import { StudioError, toWireError } from '../../protocol/errors';
import type { WorkerEvent } from '../../protocol/messages';
import type { DecodedStores } from '../../storage/decodedStores';
import type { RunStore } from '../../storage/runStore';
import type { Handlers } from '../rpc';
import { analysisHandlers } from './analysisHandlers';
import { diagnosticsHandlers } from './diagnosticsHandlers';
import {
  type DeviceListeners,
  type EngineDevice,
  openEngineDevice,
  type OpeningProgress,
} from './engineDevice';
import { blackBoxHandlers } from './blackBoxHandlers';
import { BlackBoxes, type OpenOnnx } from './blackBoxes';
import { createGpuQueue, type GpuQueue } from './gpuQueue';
import { imageHandlers } from './imageHandlers';
import { ImageKeeper } from './imageKeeper';
import { loadingHandlers } from './loadingHandlers';
import { runHandlers } from './runHandlers';
import { Runs } from './runs';
import { Session } from './session';
import { SessionFiles } from './sessionFiles';
import { Sweeps } from './sweeps';
import { victimHandlers } from './victimHandlers';
import { watchKept } from './watchKept';

/** What an engine is made of; the worker and the headless command bring their own. */
export interface EngineOptions {
  readonly store: RunStore;
  readonly emit: (event: WorkerEvent) => void;
  /** The demo's classifier, as shipped. */
  readonly fetchDemo: () => Promise<Blob>;
  /** Stores of decoded images; null where there is no place for them. */
  readonly decoded?: DecodedStores | null;
  /** Whether images are decoded ahead while nothing else is done. */
  readonly decodeAhead?: boolean;
  /** Where adapters come from; the browser's own where absent. */
  readonly gpu?: GPU | undefined;
  /** Runs ONNX black boxes; none can be opened where absent. */
  readonly openOnnx?: OpenOnnx;
}

/** What the engine's parts share. */
export interface EngineContext {
  readonly session: Session;
  readonly files: SessionFiles;
  readonly queue: GpuQueue;
  readonly runs: Runs;
  readonly sweeps: Sweeps;
  readonly blackBoxes: BlackBoxes;
  readonly store: RunStore;
  readonly keeper: ImageKeeper;
  readonly fetchDemo: () => Promise<Blob>;
  readonly emit: (event: WorkerEvent) => void;
  /**
   * The device, opened when first asked for. @param onProgress told how far that is, until it is open.
   * @throws StudioError as `openDevice`; `gpu/device-lost` once it is lost.
   */
  readonly device: (onProgress?: OpeningProgress) => Promise<EngineDevice>;
  /** Where adapters come from; the browser's own where absent. */
  readonly gpu: GPU | undefined;
  /** A signal that the next `analysis/cancel` fires. */
  readonly cancellable: () => AbortSignal;
  readonly cancel: () => void;
}

/** All that the studio can do, behind the protocol's requests. One engine has one device, one session, one run. */
export interface Engine {
  readonly handlers: Handlers;
  readonly session: Session;
  readonly runs: Runs;
  readonly keeper: ImageKeeper;
  /** Ends a run under way, frees the device, and lets nothing more be done. */
  dispose(): Promise<void>;
}

/** Builds an engine. Nothing is opened before it is asked for. */
export function createEngine(options: EngineOptions): Engine {
  const { store, fetchDemo } = options;
  const session = new Session();
  const queue = createGpuQueue();
  const emit = withMemory(options.emit);
  const device = deviceOf(
    options.gpu,
    {
      onLost: (error) => {
        emit({ kind: 'device/lost', error: toWireError(error) });
        runs.fail(error);
      },
      onError: (error) => {
        emit({ kind: 'device/error', error: toWireError(error) });
        runs.fail(error);
      },
    },
    { read: (key) => store.readSetting(key), write: (key, value) => store.writeSetting(key, value) },
  );
  const runs = new Runs({ session, queue, store, emit, device: device.get });
  const keeper = new ImageKeeper(options.decoded ?? null);
  const watch = watchKept({
    session,
    emit,
    ahead: options.decodeAhead === true,
    busy: () => queue.length > 0 || runs.active !== null,
  });
  let abort = new AbortController();
  const context: EngineContext = {
    session,
    files: new SessionFiles(store),
    queue,
    runs,
    blackBoxes: new BlackBoxes(session, options.openOnnx ?? null),
    sweeps: new Sweeps({ session, queue, runs, store, emit }),
    store,
    keeper,
    fetchDemo,
    emit,
    device: device.get,
    gpu: options.gpu,
    cancellable: () => abort.signal,
    cancel() {
      abort.abort();
      abort = new AbortController();
    },
  };
  return {
    session,
    runs,
    keeper,
    handlers: {
      ...loadingHandlers(context),
      ...imageHandlers(context),
      ...runHandlers(context),
      ...victimHandlers(context),
      ...blackBoxHandlers(context),
      ...analysisHandlers(context),
      ...diagnosticsHandlers(context),
    },
    async dispose() {
      context.cancel();
      runs.fail(new StudioError('aborted', 'The studio was closed.'));
      await runs.idle();
      // On a lost device there is nothing left to free, and jobs there may never end.
      if (!device.isLost()) await queue.run(() => Promise.resolve(session.dispose()));
      await context.blackBoxes.close();
      watch.end();
      await keeper.close();
      device.close();
    },
  };
}

/** Opens the device once; a refusal may be tried again, a loss may not. */
function deviceOf(gpu: GPU | undefined, listeners: DeviceListeners, tuning: TuningStore) {
  let opened: Promise<EngineDevice> | null = null;
  let closeable: EngineDevice | null = null;
  const watching = new Set<OpeningProgress>();
  let lost: StudioError | null = null;
  return {
    isLost: () => lost !== null,
    get: async (onProgress?: OpeningProgress): Promise<EngineDevice> => {
      if (lost) throw lost;
      if (onProgress) watching.add(onProgress);
      opened ??= openEngineDevice(
        gpu,
        {
          ...listeners,
          onLost: (error) => {
            lost = error;
            listeners.onLost(error);
          },
        },
        tuning,
        (done, total) => watching.forEach((tell) => tell(done, total)),
      );
      try {
        closeable = await opened;
        return closeable;
      } catch (error) {
        opened = null;
        throw error;
      } finally {
        if (onProgress) watching.delete(onProgress);
      }
    },
    close() {
      lost ??= new StudioError('worker/crashed', 'The studio was closed.');
      closeable?.close();
      closeable = null;
    },
  };
}

/** Adds what the device holds to the events that mark a moment of a run. */
function withMemory(emit: (event: WorkerEvent) => void): (event: WorkerEvent) => void {
  return (event) => {
    emit(event);
    if (event.kind === 'run/checkpointed' || event.kind === 'run/finished' || event.kind === 'run/grid') {
      emit({ kind: 'memory', ...memory() });
    }
  };
}

/** Tensors alive, and bytes on the device as far as the backend counts them. */
export function memory(): { tensors: number; gpuBytes: number } {
  const counted = tf.memory() as tf.MemoryInfo & { readonly numBytesInGPU?: number };
  return { tensors: counted.numTensors, gpuBytes: counted.numBytesInGPU ?? 0 };
}
