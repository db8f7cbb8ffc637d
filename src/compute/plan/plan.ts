import { isRecorded, type Operation, type Range, type RecordedBuffer } from './recording';
import { resolve, type Placement } from './resolve';
import { layoutLimits } from './limits';
import { total } from './layout';

type Command =
  | {
      readonly kind: 'dispatch';
      readonly pipeline: GPUComputePipeline;
      readonly group: GPUBindGroup;
      readonly groups: readonly [number, number, number];
    }
  | { readonly kind: 'copy'; readonly from: GPUBufferBinding; readonly to: GPUBufferBinding };

/** What a plan takes. */
export interface PlanSize {
  /** Commands of all sections. */
  readonly dispatches: number;
  /** Buffers for what lives within one run, all together, and the most of it that is alive at once. */
  readonly temporaryBytes: number;
  readonly peakLiveBytes: number;
  /** Shapes and numbers that never change. */
  readonly constantBytes: number;
}

/**
 * A recording as commands that can be sent again and again: all memory allocated, all bind groups made. Whoever makes it
 * disposes it; buffers that were not recorded but real stay their owners'.
 */
export class Plan {
  readonly size: PlanSize;
  /** At most this many commands go in one submission. */
  commandsPerSubmit = Infinity;
  private readonly sections: readonly (readonly Command[])[];
  private readonly owned: GPUBuffer[] = [];

  /** @param placed as `resolve`. @throws Unplannable as `resolve`. */
  constructor(
    private readonly device: GPUDevice,
    sections: readonly (readonly Operation[])[],
    placed: ReadonlyMap<RecordedBuffer, Placement>,
  ) {
    const resolved = resolve(sections, placed, layoutLimits(device));
    const constants = new Constants(resolved.constants, layoutLimits(device).alignment);
    const constantBuffer = constants.upload(device);
    const banks = resolved.layout.banks.map((size, i) => {
      const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
      return device.createBuffer({ label: `plan bank ${i}`, size, usage });
    });
    this.owned.push(...banks, ...(constantBuffer ? [constantBuffer] : []));
    const bindingOf = ({ buffer, offset, size }: Range): GPUBufferBinding => {
      if (!isRecorded(buffer)) return { buffer, offset, size };
      const home = placed.get(buffer);
      if (home) return { buffer: home.buffer, offset: home.offset + offset, size };
      const at = constants.offsets.get(buffer);
      if (at !== undefined && constantBuffer) return { buffer: constantBuffer, offset: at + offset, size };
      const place = resolved.layout.places.get(buffer.id);
      const bank = place && banks[place.bank];
      if (!bank) throw new Error(`Buffer ${buffer.id} of a plan has no place.`);
      return { buffer: bank, offset: place.offset + offset, size };
    };
    this.sections = resolved.sections.map((operations) =>
      operations.map((operation) => commandOf(device, operation, bindingOf)),
    );
    this.size = {
      dispatches: this.sections.flat().filter(({ kind }) => kind === 'dispatch').length,
      temporaryBytes: total(resolved.layout),
      peakLiveBytes: resolved.peakBytes,
      constantBytes: constants.bytes,
    };
  }

  /**
   * Sends these sections' commands. @param after adds to the last encoder, behind them.
   */
  run(sections: readonly number[], after?: (encoder: GPUCommandEncoder) => void): void {
    const commands = sections.flatMap((number) => this.sections[number] ?? []);
    for (let start = 0; start === 0 || start < commands.length; start += this.commandsPerSubmit) {
      const end = Math.min(commands.length, start + this.commandsPerSubmit);
      const encoder = this.device.createCommandEncoder({ label: 'plan' });
      encode(encoder, commands.slice(start, end));
      if (end >= commands.length) after?.(encoder);
      this.device.queue.submit([encoder.finish()]);
    }
  }

  dispose(): void {
    for (const buffer of this.owned) buffer.destroy();
    this.owned.length = 0;
  }
}

function commandOf(
  device: GPUDevice,
  operation: Operation,
  bindingOf: (range: Range) => GPUBufferBinding,
): Command {
  if (operation.kind === 'copy') {
    return { kind: 'copy', from: bindingOf(operation.from), to: bindingOf(operation.to) };
  }
  const { pipeline, bindings, groups } = operation;
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: bindings.map((range) => ({ binding: range.binding, resource: bindingOf(range) })),
  });
  return { kind: 'dispatch', pipeline, group, groups };
}

function encode(encoder: GPUCommandEncoder, commands: readonly Command[]): void {
  let pass: GPUComputePassEncoder | null = null;
  let pipeline: GPUComputePipeline | null = null;
  for (const command of commands) {
    if (command.kind === 'copy') {
      pass?.end();
      pass = null;
      const { from, to } = command;
      encoder.copyBufferToBuffer(from.buffer, from.offset ?? 0, to.buffer, to.offset ?? 0, from.size ?? 0);
      continue;
    }
    if (pass === null) pipeline = null;
    pass ??= encoder.beginComputePass();
    if (command.pipeline !== pipeline) pass.setPipeline(command.pipeline);
    pipeline = command.pipeline;
    pass.setBindGroup(0, command.group);
    pass.dispatchWorkgroups(...command.groups);
  }
  pass?.end();
}

/** Contents that never change, equal ones once, in one buffer. */
class Constants {
  readonly offsets = new Map<RecordedBuffer, number>();
  readonly bytes: number;
  private readonly parts: { readonly offset: number; readonly content: Uint8Array<ArrayBuffer> }[] = [];

  constructor(buffers: readonly RecordedBuffer[], alignment: number) {
    const known = new Map<string, number>();
    let end = 0;
    for (const buffer of buffers) {
      const content = buffer.content ?? new Uint8Array(buffer.bytes);
      const key = content.join();
      let offset = known.get(key);
      if (offset === undefined) {
        offset = end;
        known.set(key, offset);
        this.parts.push({ offset, content });
        end += Math.ceil(content.length / alignment) * alignment;
      }
      this.offsets.set(buffer, offset);
    }
    this.bytes = end;
  }

  upload(device: GPUDevice): GPUBuffer | null {
    if (this.bytes === 0) return null;
    const buffer = device.createBuffer({
      label: 'plan constants',
      size: this.bytes,
      usage:
        GPUBufferUsage.UNIFORM | GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
      mappedAtCreation: true,
    });
    const all = new Uint8Array(buffer.getMappedRange());
    for (const { offset, content } of this.parts) all.set(content, offset);
    buffer.unmap();
    return buffer;
  }
}
