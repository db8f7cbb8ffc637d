import { hostOf } from '../kernels/registry';
import { IN_PLACE } from '../kernels/optimizer/sgd';
import type { Optimizer } from '../optimizers/optimizer';
import { flatBuffer, flatLayout, moveInto, type FlatLayout } from '../plan/flatStore';
import { Unplannable } from '../plan/unplannable';
import { type tf, type WebGPUBackend } from '../tf';

/**
 * Parameters, gradients and optimiser slots of a training, each kind in one buffer and laid out alike, so that one dispatch
 * updates them all. Moves the variables there; they stay usable as tensors. Dispose it after them.
 */
export class FlatMemory {
  readonly layout: FlatLayout;
  readonly parameters: GPUBuffer;
  readonly gradients: GPUBuffer;
  readonly slots: readonly GPUBuffer[];
  private readonly owned: GPUBuffer[] = [];

  /** @throws Unplannable where this device cannot update in place, or has no buffers that large. */
  constructor(
    private readonly backend: WebGPUBackend,
    private readonly variables: readonly tf.Variable[],
    optimizer: Optimizer,
  ) {
    const { device } = backend;
    if (!hostOf(IN_PLACE)) throw new Unplannable('the optimiser does not run on a kernel of ours');
    const sizes = variables.map(({ size }) => size * Float32Array.BYTES_PER_ELEMENT);
    this.layout = flatLayout(device, sizes);
    const make = (label: string): GPUBuffer => {
      const buffer = flatBuffer(device, this.layout, label);
      this.owned.push(buffer);
      return buffer;
    };
    this.parameters = make('parameters');
    this.gradients = make('gradients');
    moveInto(backend, variables, this.layout, this.parameters);
    this.slots = optimizer.flat.slots.map((slot, i) => {
      const buffer = make(`optimiser slot ${i}`);
      moveInto(backend, slot, this.layout, buffer);
      return buffer;
    });
  }

  /** False once somebody gave the parameters other values than by training: they lie elsewhere then. */
  get current(): boolean {
    const { tensorMap } = this.backend as unknown as {
      tensorMap: { get(id: tf.DataId): { resource?: GPUBufferBinding | null } };
    };
    return this.variables.every(({ dataId }) => tensorMap.get(dataId).resource?.buffer === this.parameters);
  }

  /** In bytes, all buffers together. */
  get bytes(): number {
    return this.layout.bytes * this.owned.length;
  }

  dispose(): void {
    for (const buffer of this.owned) buffer.destroy();
    this.owned.length = 0;
  }
}
