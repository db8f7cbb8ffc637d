import type { RefineSettings } from '../../protocol/experiment';
import type { DeviceBatches } from '../kernels/augment/deviceBatches';
import { pixelsInto } from '../kernels/augment/pixelsInto';
import type { ByteImages } from '../../data/augment';
import { inPlaceGroups, inPlacePipeline, NUMBERS_BYTES } from '../kernels/optimizer/inPlace';
import type { Optimizer, StepRates } from '../optimizers/optimizer';
import { sameOperations } from '../plan/compare';
import { flush, internalsOf, type BackendInternals } from '../plan/internals';
import { Plan, type PlanSize } from '../plan/plan';
import { record, type Probe, type Recorded } from '../plan/recorder';
import {
  isRecorded,
  usesOf,
  type AnyBuffer,
  type BoundRange,
  type Operation,
  type RecordedBuffer,
} from '../plan/recording';
import { possiblePlacements, type Placement } from '../plan/resolve';
import { settle } from '../plan/settle';
import { trimPool } from '../plan/trimPool';
import { Unplannable } from '../plan/unplannable';
import { tf, type WebGPUBackend } from '../tf';
import type { FlatMemory } from './flatMemory';
import { refineLossAndGradients } from './refineLoss';
import type { RefineModel } from './refineModel';
import { StepMetrics } from './stepMetrics';

/** What a step is made of. All stays the caller's. */
export interface StepParts {
  readonly backend: WebGPUBackend;
  readonly model: RefineModel;
  readonly optimizer: Optimizer;
  /** Holds the model's parameters and the optimiser's slots. */
  readonly memory: FlatMemory;
  readonly inverse: tf.Tensor1D;
  /** Where a step's images come from; recorded with the step. */
  readonly images: DeviceBatches;
  readonly settings: RefineSettings;
  readonly height: number;
  readonly width: number;
}

/** What one run of the step's code gave. */
interface StepBuffers {
  /** Commands that find the pseudo-labels. */
  readonly mark: number;
  readonly labels: AnyBuffer | null;
  readonly losses: AnyBuffer | null;
  /** In the order of the parameters; null where there is none, or one that never was on the GPU. */
  readonly gradients: readonly (AnyBuffer | null)[];
}

/** Recordings after which the step has to be the same again: weights seen for the first time take one or two. */
const MAX_RECORDINGS = 5;
/** Drivers kill what keeps a GPU busy for seconds: a submission should take this long at most. */
const SUBMIT_MILLISECONDS = 1000;
const MAX_SUBMITS = 16;
/** Sections of the plan. */
const [IMAGES, LABELS, MAIN] = [0, 1, 2];

/**
 * A training step as one list of commands: recorded from the ordinary code, laid out in as little memory as it needs, sent as
 * a whole. From then on a step allocates nothing, compiles nothing and uploads its images, its labels if they are known,
 * and the optimiser's numbers.
 */
export class PlannedStep {
  readonly metrics: StepMetrics;
  private readonly inner: BackendInternals;
  private readonly plan: Plan;
  private readonly pixels: GPUBuffer;
  private readonly labels: GPUBuffer;
  private readonly numbers: GPUBuffer;
  private fastest = Infinity;
  /** Settles when the last step has run. */
  measured: Promise<void> = Promise.resolve();

  /** Records and lays out; the GPU does nothing yet. @throws Unplannable with the reason; nothing is changed then. */
  constructor(private readonly parts: StepParts) {
    const inner = internalsOf(parts.backend);
    if (!inner) throw new Unplannable('this tfjs is built otherwise than 4.22.0');
    this.inner = inner;
    const { settings, height, width } = parts;
    const { device } = inner;
    const { STORAGE, UNIFORM, COPY_SRC, COPY_DST } = GPUBufferUsage;
    const make = (label: string, size: number, usage: GPUBufferUsageFlags): GPUBuffer =>
      device.createBuffer({ label, size, usage: usage | COPY_SRC | COPY_DST });
    this.pixels = make('step pixels', settings.batchSize * height * width * 3 * 4, STORAGE);
    this.labels = make('step labels', settings.batchSize * 4, STORAGE);
    this.numbers = make('step numbers', NUMBERS_BYTES, UNIFORM);
    this.metrics = new StepMetrics(device);
    try {
      this.plan = this.makePlan();
    } catch (cause) {
      this.disposeBuffers();
      throw cause;
    }
    this.plan.commandsPerSubmit = Math.ceil(this.size.dispatches / MAX_SUBMITS);
  }

  /** Submissions that the next step takes. */
  get submits(): number {
    return Math.ceil(this.size.dispatches / this.plan.commandsPerSubmit);
  }

  get size(): PlanSize {
    return this.plan.size;
  }

  /**
   * Sends a step to the GPU. @param batch its images. @param labels int32 [N], or null to have them
   * found first. @param keep is handed the labels that were found, to copy them with its encoder.
   */
  run(
    batch: ByteImages,
    labels: Int32Array | null,
    rates: StepRates,
    keep: ((encoder: GPUCommandEncoder, labels: GPUBuffer) => void) | null,
  ): void {
    const { queue } = this.inner;
    const { optimizer, model, images } = this.parts;
    flush(this.inner);
    images.write(batch);
    if (labels) queue.writeBuffer(this.labels, 0, labels as Int32Array<ArrayBuffer>);
    queue.writeBuffer(this.numbers, 0, Float32Array.from(optimizer.flat.next(rates)));
    const began = performance.now();
    const after = keep && ((encoder: GPUCommandEncoder) => keep(encoder, this.labels));
    this.plan.run(labels ? [IMAGES, MAIN] : [IMAGES, LABELS, MAIN], after ?? undefined);
    model.transform.countBatch();
    this.measured = queue.onSubmittedWorkDone().then(
      () => this.adapt(performance.now() - began),
      () => undefined,
    );
  }

  dispose(): void {
    this.plan.dispose();
    this.disposeBuffers();
  }

  /** A step that takes long goes in several submissions. */
  private adapt(milliseconds: number): void {
    // The first steps may have compiled, and other work may have been in the queue.
    this.fastest = Math.min(this.fastest, milliseconds);
    const submits = Math.min(MAX_SUBMITS, Math.ceil(this.fastest / SUBMIT_MILLISECONDS));
    this.plan.commandsPerSubmit = Math.ceil(this.size.dispatches / submits);
  }

  private disposeBuffers(): void {
    this.metrics.dispose();
    for (const buffer of [this.pixels, this.labels, this.numbers]) buffer.destroy();
  }

  private makePlan(): Plan {
    const { operations, result } = this.settledRecording();
    const { losses } = result;
    if (!losses || !isRecorded(losses)) throw new Unplannable('the losses are not computed on the GPU');
    const placed = possiblePlacements(operations, this.wishes(result));
    if (result.labels && isRecorded(result.labels) && !placed.has(result.labels))
      throw new Unplannable('the labels are not computed on the GPU');
    const main = [
      ...operations.slice(result.mark),
      ...this.gradientCopies(result, placed),
      this.metrics.operation(losses),
      this.update(),
    ];
    const { backend, images } = this.parts;
    const pixels = pixelsInto(backend, images, this.pixels);
    for (const [buffer, place] of pixels.placed) placed.set(buffer, place);
    trimPool(this.inner);
    return new Plan(this.inner.device, [pixels.operations, operations.slice(0, result.mark), main], placed);
  }

  /** Records until the step is the same twice, and nothing in it is done for the first time. */
  private settledRecording(): Recorded<StepBuffers> {
    const { model, backend, memory } = this.parts;
    const changing = new Set<AnyBuffer>([this.pixels, this.labels, memory.parameters]);
    let last: Recorded<StepBuffers> | null = null;
    for (let count = 0; count < MAX_RECORDINGS; count++) {
      const next = model.transform.uncounted(() => record(backend, (probe) => this.recordStep(probe)));
      for (const use of next.operations.flatMap(usesOf)) if (use.writes) changing.add(use.buffer);
      if (settle(backend, next, changing)) last = null;
      else if (
        last &&
        last.result.mark === next.result.mark &&
        sameOperations(last.operations, next.operations)
      )
        return next;
      else last = next;
    }
    throw new Unplannable('the step is not the same each time');
  }

  private recordStep(probe: Probe): StepBuffers {
    const { model, inverse, settings, height, width } = this.parts;
    const found: { step?: StepBuffers } = {};
    tf.tidy(() => {
      const shape: [number, number, number, number] = [settings.batchSize, height, width, 3];
      const pixels = tf.tensor<tf.Rank.R4>({ buffer: this.pixels, zeroCopy: true }, shape, 'float32');
      const fresh = model.pseudoLabels(pixels);
      const mark = probe.mark();
      const labels = tf.tensor<tf.Rank.R1>(
        { buffer: this.labels, zeroCopy: true },
        [settings.batchSize],
        'int32',
      );
      const { losses, gradients } = refineLossAndGradients(model, pixels, inverse, settings, labels);
      const bufferOfGradient = (name: string): AnyBuffer | null => {
        const gradient = gradients.get(name);
        if (!gradient) return null;
        const buffer = probe.bufferOf(gradient);
        if (!buffer && !isZero(this.inner, gradient))
          throw new Unplannable(`the gradient of ${name} is a constant`);
        return buffer;
      };
      found.step = {
        mark,
        labels: probe.bufferOf(fresh),
        losses: probe.bufferOf(losses),
        gradients: [...model.transform.parameters.keys()].map(bufferOfGradient),
      };
    });
    if (!found.step) throw new Unplannable('the step gave nothing');
    return found.step;
  }

  /** Labels go where the step reads them, gradients behind one another. */
  private wishes({ labels, gradients }: StepBuffers): Map<RecordedBuffer, Placement> {
    const { layout, gradients: buffer } = this.parts.memory;
    const wished = new Map<RecordedBuffer, Placement>();
    gradients.forEach((gradient, i) => {
      const shared = gradients.indexOf(gradient) !== gradients.lastIndexOf(gradient);
      if (gradient && isRecorded(gradient) && gradient.bytes === layout.sizes[i] && !shared)
        wished.set(gradient, { buffer, offset: layout.offsets[i] ?? 0 });
    });
    if (labels && isRecorded(labels)) wished.set(labels, { buffer: this.labels, offset: 0 });
    return wished;
  }

  /** Gradients that are elsewhere, or shared. */
  private gradientCopies(
    { gradients }: StepBuffers,
    placed: ReadonlyMap<RecordedBuffer, Placement>,
  ): Operation[] {
    const { layout, gradients: buffer } = this.parts.memory;
    return gradients.flatMap((gradient, i): Operation[] => {
      const [offset, size] = [layout.offsets[i] ?? 0, layout.sizes[i] ?? 0];
      if (!gradient || (isRecorded(gradient) && placed.get(gradient)?.offset === offset)) return [];
      return [{ kind: 'copy', from: { buffer: gradient, offset: 0, size }, to: { buffer, offset, size } }];
    });
  }

  /** The optimiser, over everything at once. */
  private update(): Operation {
    const { memory, optimizer } = this.parts;
    const { kernel } = optimizer.flat;
    const { bytes } = memory.layout;
    const written = [memory.parameters, ...memory.slots];
    const whole = (buffer: GPUBuffer, binding: number, writes: boolean): BoundRange => ({
      buffer, binding, writes, offset: 0, size: bytes,
    }); // prettier-ignore
    const numbers = {
      buffer: this.numbers,
      binding: written.length + 1,
      writes: false,
      offset: 0,
      size: NUMBERS_BYTES,
    };
    return {
      kind: 'dispatch',
      pipeline: inPlacePipeline(this.inner.device, kernel, 1),
      bindings: [
        ...written.map((buffer, binding) => whole(buffer, binding, true)),
        whole(memory.gradients, written.length, false),
        numbers,
      ],
      groups: inPlaceGroups(bytes / Float32Array.BYTES_PER_ELEMENT),
    };
  }
}

function isZero({ tensorMap }: BackendInternals, { dataId }: tf.Tensor): boolean {
  const { values } = tensorMap.get(dataId);
  return ArrayBuffer.isView(values) && (values as Float32Array).every((value) => value === 0);
}
