import { StudioError } from '../../../protocol/errors';
import { PURPOSE, RandomStream } from '../../../data/random';
import { principalPlane } from './principalPlane';
import source from './tsne.wgsl?raw';

/** Iterations recorded into one submit: short enough for a driver's watchdog, long enough to keep a GPU busy. */
const CHUNK = 10;
/** van der Maaten and Hinton: affinities are exaggerated at first, so that clusters form before they spread. */
const EXAGGERATION = 12;
const PARAMETER_FLOATS = 8;

/** How an embedding is computed. */
export interface TsneOptions {
  readonly perplexity: number;
  readonly iterations: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** An embedding: x0, y0, x1, y1, ... in the order of the features' rows. */
export interface TsneEmbedding {
  readonly positions: Float32Array;
  readonly klDivergence: number;
}

/** The most points whose N x N float32 matrix fits one binding of this device. */
export function largestEmbedding(limits: GPUSupportedLimits): number {
  return Math.floor(Math.sqrt(Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) / 4));
}

/**
 * Exact t-SNE on the GPU, from a start in the plane of the two largest principal components (seeded). The sums run in a
 * fixed order, so one seed gives one embedding on one adapter.
 *
 * @param features row-major [points, dimensions] float32.
 * @throws StudioError `experiment/invalid` for fewer than 8 points, a perplexity that the points cannot have, or more points than
 * the device can hold; `aborted` when the signal fires.
 */
export async function tsne(
  device: GPUDevice,
  features: Float32Array,
  points: number,
  options: TsneOptions,
): Promise<TsneEmbedding> {
  check(device, points, options);
  const dimensions = features.length / points;
  const resources = allocate(device, features, points, dimensions, options.seed);
  try {
    return await embed(device, resources, points, options);
  } finally {
    for (const buffer of resources.buffers) buffer.destroy();
  }
}

function check(device: GPUDevice, points: number, { perplexity }: TsneOptions): void {
  const most = largestEmbedding(device.limits);
  if (points > most) {
    throw new StudioError(
      'experiment/invalid',
      `t-SNE of ${points} points needs more memory in one piece than this adapter gives; it can take ${most}.`,
      { subject: 'points' },
    );
  }
  if (points < 8 || !(perplexity >= 2) || perplexity > (points - 1) / 3) {
    throw new StudioError(
      'experiment/invalid',
      `t-SNE needs at least 8 points and a perplexity between 2 and a third of them; got ${points} and ${perplexity}.`,
      { subject: 'perplexity' },
    );
  }
}

interface Resources {
  readonly buffers: readonly GPUBuffer[];
  readonly params: GPUBuffer;
  readonly matrix: GPUBuffer;
  readonly positions: GPUBuffer;
  readonly repulsion: GPUBuffer;
  readonly group: GPUBindGroup;
  readonly layout: GPUPipelineLayout;
  readonly dimensions: number;
}

function allocate(
  device: GPUDevice,
  features: Float32Array,
  points: number,
  dimensions: number,
  seed: number,
): Resources {
  const padded = Math.ceil(dimensions / 4) * 4;
  const rows = new Float32Array(points * padded);
  for (let i = 0; i < points; i++) {
    rows.set(features.subarray(i * dimensions, (i + 1) * dimensions), i * padded);
  }
  const start = principalPlane(features, points, dimensions, new RandomStream(seed, PURPOSE.tsne));
  const gains = new Float32Array(points * 4);
  for (let i = 0; i < points; i++) gains.fill(1, i * 4 + 2, i * 4 + 4);

  const storage = (label: string, floats: number, data?: Float32Array<ArrayBuffer>): GPUBuffer => {
    const buffer = device.createBuffer({
      label: `tsne ${label}`,
      size: floats * 4,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
    });
    if (data) device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  const params = device.createBuffer({
    label: 'tsne params',
    size: PARAMETER_FLOATS * 4,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  const featureBuffer = storage('features', rows.length, rows);
  const matrix = storage('affinities', points * points);
  const positions = storage('positions', points * 2, start);
  const forces = storage('forces', points * 4);
  const repulsion = storage('repulsion', points * 2);
  const velocity = storage('velocity', points * 4, gains);
  const buffers = [params, featureBuffer, matrix, positions, forces, repulsion, velocity];
  const groupLayout = device.createBindGroupLayout({
    label: 'tsne',
    entries: buffers.map((_, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: binding === 0 ? 'uniform' : binding === 1 ? 'read-only-storage' : 'storage' },
    })),
  });
  return {
    buffers,
    params,
    matrix,
    positions,
    repulsion,
    dimensions: padded,
    layout: device.createPipelineLayout({ label: 'tsne', bindGroupLayouts: [groupLayout] }),
    group: device.createBindGroup({
      label: 'tsne',
      layout: groupLayout,
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    }),
  };
}

async function embed(
  device: GPUDevice,
  resources: Resources,
  points: number,
  options: TsneOptions,
): Promise<TsneEmbedding> {
  const { perplexity, iterations, signal, onProgress } = options;
  const module = device.createShaderModule({ label: 'tsne', code: source });
  const pipeline = (entryPoint: string) =>
    device.createComputePipelineAsync({
      label: `tsne ${entryPoint}`,
      layout: resources.layout,
      compute: { module, entryPoint },
    });
  const [distances, conditional, symmetrise, accumulate, advance, divergence] = await Promise.all([
    pipeline('distances'),
    pipeline('conditional'),
    pipeline('symmetrise'),
    pipeline('accumulate'),
    pipeline('advance'),
    pipeline('divergence'),
  ]);
  const square = Math.ceil(points / 8);
  const rows = Math.ceil(points / 64);
  // scikit-learn's rule for the rate; half momentum while the affinities are exaggerated.
  const learningRate = Math.max(points / EXAGGERATION / 4, 50);
  const exaggerated = Math.min(250, Math.floor(iterations / 4));
  const setParameters = (early: boolean) => {
    const data = new ArrayBuffer(PARAMETER_FLOATS * 4);
    new Uint32Array(data, 0, 2).set([points, resources.dimensions]);
    new Float32Array(data, 8, 4).set([
      Math.log(perplexity),
      early ? EXAGGERATION : 1,
      early ? 0.5 : 0.8,
      learningRate,
    ]);
    device.queue.writeBuffer(resources.params, 0, data);
  };
  const submit = async (record: (pass: GPUComputePassEncoder) => void) => {
    signal?.throwIfAborted();
    const encoder = device.createCommandEncoder({ label: 'tsne' });
    const pass = encoder.beginComputePass({ label: 'tsne' });
    pass.setBindGroup(0, resources.group);
    record(pass);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };

  setParameters(true);
  await submit((pass) => {
    pass.setPipeline(distances);
    pass.dispatchWorkgroups(square, square);
    pass.setPipeline(conditional);
    pass.dispatchWorkgroups(rows);
    pass.setPipeline(symmetrise);
    pass.dispatchWorkgroups(square, square);
  });
  for (let done = 0; done < iterations;) {
    const early = done < exaggerated;
    setParameters(early);
    const count = Math.min(CHUNK, (early ? exaggerated : iterations) - done);
    await submit((pass) => {
      for (let i = 0; i < count; i++) {
        pass.setPipeline(accumulate);
        pass.dispatchWorkgroups(rows);
        pass.setPipeline(advance);
        pass.dispatchWorkgroups(rows);
      }
    });
    done += count;
    onProgress?.(done, iterations);
  }
  const positions = await readBack(device, resources.positions, points * 2);
  await submit((pass) => {
    pass.setPipeline(accumulate);
    pass.dispatchWorkgroups(rows);
    pass.setPipeline(divergence);
    pass.dispatchWorkgroups(rows);
  });
  const shares = await readBack(device, resources.repulsion, points * 2);
  let klDivergence = 0;
  for (let i = 0; i < points; i++) klDivergence += shares[i * 2] ?? 0;
  return { positions, klDivergence };
}

async function readBack(device: GPUDevice, source: GPUBuffer, floats: number): Promise<Float32Array> {
  const staging = device.createBuffer({
    label: 'tsne read-back',
    size: floats * 4,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoder = device.createCommandEncoder({ label: 'tsne read-back' });
  encoder.copyBufferToBuffer(source, 0, staging, 0, floats * 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}
