import type * as Ort from 'onnxruntime-web/wasm';
import type { InferenceSession } from 'onnxruntime-web/wasm';
import { StudioError } from '../../protocol/errors';
import type { BlackBoxSettings } from '../../protocol/blackBox';
import type { VictimInput } from '../victim/victim';
import { badAnswer, type BlackBox, checkConfidences, softmaxRows } from './blackBox';

/** What an ONNX black box is opened with. */
export interface OnnxBlackBoxOptions {
  /** The file's bytes. */
  readonly model: Uint8Array;
  /** Its name, for people. */
  readonly label: string;
  /** Of the images it will be asked about. */
  readonly height: number;
  readonly width: number;
  /** What is done to pixels before the file sees them; mean 0 and deviation 1 where it normalises by itself. */
  readonly input: VictimInput;
  readonly layout: BlackBoxSettings['layout'];
  readonly output: BlackBoxSettings['output'];
}

/** Images a call of the runtime, where the file leaves it open. */
const BATCH = 32;

let runtime: Promise<typeof Ort> | null = null;

/** The runtime, loaded once: wasm on one thread. `binary` is `ort-wasm-simd-threaded.wasm`, which the caller has fetched. */
function loadRuntime(binary: Uint8Array): Promise<typeof Ort> {
  runtime ??= import('onnxruntime-web/wasm').then((ort) => {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.proxy = false;
    ort.env.wasm.wasmBinary = binary;
    ort.env.logLevel = 'error';
    return ort;
  });
  return runtime;
}

/**
 * An ONNX file as a black box, run by onnxruntime-web in this thread: the page gives it a worker of its own.
 * @param binary the runtime's own wasm.
 * @throws StudioError `format/malformed` for what the runtime does not load, `model/shape-mismatch` for an input that is not one batch of
 * float32 RGB images of this size, `blackbox/bad-answer` where a first grey image gets no usable answer.
 */
export async function openOnnxBlackBox(options: OnnxBlackBoxOptions, binary: Uint8Array): Promise<BlackBox> {
  const ort = await loadRuntime(binary);
  const { label } = options;
  let session: InferenceSession;
  try {
    session = await ort.InferenceSession.create(options.model, { executionProviders: ['wasm'] });
  } catch (cause) {
    throw new StudioError('format/malformed', `${label} could not be loaded by onnxruntime.`, {
      subject: label,
      cause,
    });
  }
  try {
    const box = new OnnxBlackBox(ort, session, options);
    await box.probe();
    return box;
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** Where an input's images lie, and how many it takes at once. */
interface InputPlan {
  readonly name: string;
  readonly channelsFirst: boolean;
  readonly batch: number;
}

class OnnxBlackBox implements BlackBox {
  readonly label: string;
  classes = 0;
  private readonly plan: InputPlan;
  private readonly outputName: string;
  private isLogits = true;

  constructor(
    private readonly ort: typeof Ort,
    private readonly session: InferenceSession,
    private readonly options: OnnxBlackBoxOptions,
  ) {
    this.label = options.label;
    this.plan = planInput(session, options);
    this.outputName = scoresOf(session, options.label);
  }

  /** Asks about one grey image: how many classes there are, and whether answers are distributions already. */
  async probe(): Promise<void> {
    const { height, width, output } = this.options;
    const scores = await this.scores(new Float32Array(height * width * 3).fill(0.5), 1);
    this.classes = scores.length;
    if (this.classes < 2) throw badAnswer(this.label, 'it gives fewer than two numbers an image');
    this.isLogits = output === 'auto' ? !isDistribution(scores) : output === 'logits';
    checkConfidences(this.asConfidences(scores), 1, this.classes, this.label);
  }

  async confidences(pixels: Float32Array, count: number, signal?: AbortSignal): Promise<Float32Array> {
    const values = new Float32Array(count * this.classes);
    const image = this.options.height * this.options.width * 3;
    for (let start = 0; start < count; start += this.plan.batch) {
      if (signal?.aborted) throw new StudioError('aborted', 'Stopped.');
      const real = Math.min(this.plan.batch, count - start);
      const scores = await this.scores(pixels.subarray(start * image, (start + real) * image), real);
      if (scores.length !== real * this.classes) {
        throw badAnswer(
          this.label,
          `it gave ${scores.length} numbers for ${real} images of ${this.classes} classes`,
        );
      }
      values.set(this.asConfidences(scores), start * this.classes);
    }
    checkConfidences(values, count, this.classes, this.label);
    return values;
  }

  async close(): Promise<void> {
    await this.session.release();
  }

  private asConfidences(scores: Float32Array): Float32Array {
    return this.isLogits ? softmaxRows(scores, this.classes) : scores;
  }

  /** What the file gives for up to `plan.batch` images; a fixed batch is filled up with zeros. */
  private async scores(pixels: Float32Array, count: number): Promise<Float32Array> {
    const { height, width, input } = this.options;
    const { name, channelsFirst, batch } = this.plan;
    const held = isFixed(this.session) ? batch : count;
    const data = arrange(pixels, count, held, height * width, input, channelsFirst);
    const shape = channelsFirst ? [held, 3, height, width] : [held, height, width, 3];
    const tensor = new this.ort.Tensor('float32', data, shape);
    const results = await this.session.run({ [name]: tensor }).catch((cause: unknown) => {
      throw badAnswer(this.label, 'onnxruntime failed to compute it', cause);
    });
    const result = results[this.outputName];
    if (!result || !(result.data instanceof Float32Array) || result.data.length % held !== 0) {
      throw badAnswer(this.label, 'its output is not one row of float32 numbers an image');
    }
    return result.data.slice(0, (result.data.length / held) * count);
  }
}

/** RGB [N, HW, 3] as the file takes it: its channel order, normalised, NCHW or NHWC, `held` images long. */
function arrange(
  pixels: Float32Array,
  count: number,
  held: number,
  area: number,
  { normalization, channelOrder }: VictimInput,
  channelsFirst: boolean,
): Float32Array {
  const data = new Float32Array(held * area * 3);
  for (let channel = 0; channel < 3; channel++) {
    const mean = normalization.mean[channel] ?? 0;
    const std = normalization.std[channel] ?? 1;
    const source = channelOrder === 'BGR' ? 2 - channel : channel;
    for (let n = 0; n < count; n++) {
      for (let at = 0; at < area; at++) {
        const value = ((pixels[(n * area + at) * 3 + source] ?? 0) - mean) / std;
        data[channelsFirst ? (n * 3 + channel) * area + at : (n * area + at) * 3 + channel] = value;
      }
    }
  }
  return data;
}

function planInput(session: InferenceSession, options: OnnxBlackBoxOptions): InputPlan {
  const { label, height, width, layout } = options;
  const refuse = (reason: string) =>
    new StudioError('model/shape-mismatch', `${label} cannot be asked about images: ${reason}.`, {
      subject: label,
    });
  const [meta] = session.inputMetadata;
  if (!meta?.isTensor || session.inputMetadata.length !== 1)
    throw refuse(`it takes ${session.inputMetadata.length} inputs and not one`);
  if (meta.type !== 'float32') throw refuse(`its input is ${meta.type} and not float32`);
  const dims = meta.shape.map((dim) => (typeof dim === 'number' && dim > 0 ? dim : null));
  if (dims.length !== 4) throw refuse(`its input has ${dims.length} dimensions and not 4`);
  const [n = null, a = null, , c = null] = dims;
  const channelsFirst = layout === 'auto' ? !(c === 3 && a !== 3) : layout === 'NCHW';
  const [inChannels = null, inHeight = null, inWidth = null] = channelsFirst
    ? dims.slice(1)
    : [c, a, dims[2] ?? null];
  if (inChannels !== null && inChannels !== 3) throw refuse(`it takes ${inChannels} channels and not 3`);
  if ((inHeight !== null && inHeight !== height) || (inWidth !== null && inWidth !== width)) {
    throw refuse(`it takes ${inWidth ?? width}×${inHeight ?? height}, the images are ${width}×${height}`);
  }
  return { name: meta.name, channelsFirst, batch: n ?? BATCH };
}

function isFixed(session: InferenceSession): boolean {
  const [meta] = session.inputMetadata;
  const n = meta?.isTensor ? meta.shape[0] : undefined;
  return typeof n === 'number' && n > 0;
}

/** The first float32 output. */
function scoresOf(session: InferenceSession, label: string): string {
  const found = session.outputMetadata.find((meta) => meta.isTensor && meta.type === 'float32');
  if (found) return found.name;
  throw new StudioError('model/shape-mismatch', `${label} has no float32 output.`, { subject: label });
}

function isDistribution(row: Float32Array): boolean {
  const sum = row.reduce((a, b) => a + b, 0);
  return row.every((value) => value >= 0) && Math.abs(sum - 1) < 1e-3;
}
