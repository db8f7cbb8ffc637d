import { parseArgs } from 'node:util';
import { PURPOSE, RandomStream } from '../src/data/random';
import type { ImageSplit } from '../src/data/dataset';
import { openDevice, type OpenDevice } from '../src/compute/device/device';
import { installKernels } from '../src/compute/kernels/install';
import { cifarResnetOfDepth } from '../src/compute/nn/cifarResnet';
import { buildTrainable } from '../src/compute/nn/trainable';
import type { TrainEvent } from '../src/compute/refine/events';
import { gpuFence } from '../src/compute/refine/gpuFence';
import { drawLabelMap } from '../src/compute/refine/labelMap';
import { RefineTrainer } from '../src/compute/refine/trainer';
import { tf } from '../src/compute/tf';
import { createVictim, type Victim } from '../src/compute/victim/victim';
import { CIFAR10_NORMALIZATION, recipeDefaults } from '../src/protocol/experiment';
import { StudioError } from '../src/protocol/errors';
import { installDawn } from './dawn';
import { GpuCounters, type GpuCounts } from './gpuCounters';

const SIZE = 32;
const CLASSES = 10;

interface Size {
  readonly channels: number;
  readonly width: number;
  readonly batch: number;
  /** In an epoch; labels of an image seen before are not computed again. */
  readonly images: number;
}

interface Timing {
  readonly firstStepMs: number;
  readonly stepMs: number[];
  /** Of the last step. */
  readonly counts: GpuCounts;
  readonly tensors: number;
  readonly gpuMegabytes: number;
}

/**
 * `headless bench`: the REFINE training step (official recipe, SGD) with the stock tfjs kernels and with ours, in turn in
 * one run, so that their ratio holds on a machine whose speed drifts. Prints one JSON object: times, and what the last step
 * asked of the device (with `--kernels`, by kernel). `peakMegabytes` is the whole run's: pass `--ours` for ours alone.
 */
export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      channels: { type: 'string', default: '8' },
      width: { type: 'string', default: '8' },
      batch: { type: 'string', default: '32' },
      images: { type: 'string', default: '512' },
      steps: { type: 'string', default: '5' },
      ours: { type: 'boolean', default: false },
      kernels: { type: 'boolean', default: false },
    },
  });
  const size = {
    channels: positive('channels', values.channels),
    width: positive('width', values.width),
    batch: positive('batch', values.batch),
    images: positive('images', values.images),
  };
  const steps = positive('steps', values.steps);
  const open = await openDevice({ gpu: await installDawn() });
  const counters = new GpuCounters(open);
  console.error(
    `${open.adapter.name}: UNet ${size.channels}, ResNet-18 of width ${size.width}, batch ${size.batch}, ${steps} steps after the first`,
  );
  const variants = values.ours ? (['ours'] as const) : (['stock', 'ours'] as const);
  const timings = await measure(open, counters, size, steps, variants);
  const report = Object.fromEntries(
    [...timings].map(([name, timing]) => [
      name,
      {
        firstStepMs: Math.round(timing.firstStepMs),
        medianStepMs: Math.round(median(timing.stepMs)),
        minimumStepMs: Math.round(Math.min(...timing.stepMs)),
        maximumStepMs: Math.round(Math.max(...timing.stepMs)),
        perStep: {
          ...timing.counts,
          kernels: values.kernels
            ? Object.fromEntries([...timing.counts.kernels].sort((a, b) => b[1] - a[1]))
            : undefined,
        },
        tensors: timing.tensors,
        gpuMegabytes: timing.gpuMegabytes,
      },
    ]),
  );
  const stock = timings.get('stock');
  const ours = timings.get('ours');
  const speedup = stock && ours ? median(stock.stepMs.map((ms, i) => ms / (ours.stepMs[i] ?? NaN))) : null;
  console.log(
    JSON.stringify(
      {
        adapter: open.adapter.name,
        ...size,
        steps,
        ...report,
        peakMegabytes: Math.round(counters.peakBytes / 1e6),
        stockOverOurs: speedup,
      },
      null,
      2,
    ),
  );
}

async function measure(
  open: OpenDevice,
  counters: GpuCounters,
  size: Size,
  steps: number,
  variants: readonly ('stock' | 'ours')[],
): Promise<Map<string, Timing>> {
  const victim = await randomVictim(size.width);
  const runners = variants.map((name) => ({
    name,
    trainer: trainer(victim, size, steps + 1),
    stepMs: [] as number[],
    first: 0,
    counts: counters.take(),
  }));
  const streams = new Map(runners.map((runner) => [runner.name, runner.trainer.run()]));
  for (let step = 0; step <= steps; step++) {
    for (const runner of runners) {
      const installed = runner.name === 'ours' ? installKernels(open.backend) : null;
      if (step === 0) await installed?.selfCheck();
      counters.take();
      const started = performance.now();
      await nextStep(streams.get(runner.name));
      await gpuFence();
      const elapsed = performance.now() - started;
      runner.counts = counters.take();
      if (step === 0) runner.first = elapsed;
      else runner.stepMs.push(elapsed);
      installed?.uninstall();
    }
  }
  const { numTensors } = tf.memory();
  const { numBytesInGPU } = tf.memory() as { numBytesInGPU?: number };
  return new Map(
    runners.map((runner) => [
      runner.name,
      {
        firstStepMs: runner.first,
        stepMs: runner.stepMs,
        counts: runner.counts,
        tensors: numTensors,
        gpuMegabytes: Math.round((numBytesInGPU ?? 0) / 1e6),
      },
    ]),
  );
}

/** The ends of epochs are events too. */
async function nextStep(events: AsyncGenerator<TrainEvent> | undefined): Promise<void> {
  for (;;) {
    const next = await events?.next();
    if (!next || next.done || next.value.kind === 'step') return;
  }
}

async function randomVictim(width: number): Promise<Victim> {
  const bound = cifarResnetOfDepth(18, width, CLASSES);
  const network = buildTrainable(bound, { seed: 1 });
  const state = await network.stateDict();
  network.dispose();
  const { mean, std } = CIFAR10_NORMALIZATION;
  return createVictim(bound, state, {
    normalization: { mean: [...mean], std: [...std] },
    channelOrder: 'RGB',
  });
}

function trainer(victim: Victim, size: Size, steps: number): RefineTrainer {
  return new RefineTrainer({
    victim,
    split: noise(Math.max(size.images, size.batch)),
    height: SIZE,
    width: SIZE,
    settings: {
      ...recipeDefaults('official', 1),
      firstChannels: size.channels,
      batchSize: size.batch,
      maxSteps: steps,
      augmentation: 'none',
    },
    seed: 1,
    labelMap: drawLabelMap({ kind: 'derangement', seed: 1 }, CLASSES, 1),
    logEverySteps: 1_000_000,
  });
}

function noise(count: number): ImageSplit {
  const random = new RandomStream(1, PURPOSE.sample);
  const pixels = Uint8Array.from({ length: count * SIZE * SIZE * 3 }, () => random.below(256));
  const bytes = SIZE * SIZE * 3;
  return {
    count,
    labels: null,
    read: async (indices) => {
      const images = new Uint8Array(indices.length * bytes);
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i] ?? 0;
        images.set(pixels.subarray(index * bytes, (index + 1) * bytes), i * bytes);
      }
      return images;
    },
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new StudioError('experiment/invalid', `--${name} wants a whole number above 0, not "${text}".`, {
    subject: name,
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
