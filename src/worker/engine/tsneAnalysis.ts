import { chooseImages } from '../../compute/analysis/sampleGrid';
import { largestEmbedding, tsne } from '../../compute/analysis/tsne/tsne';
import { tf } from '../../compute/tf';
import { toUnitFloats } from '../../data/pixels';
import type { Params, TsneResult } from '../../protocol/messages';
import type { Session } from './session';

/** How the analysis runs and is called off. */
export interface TsneAnalysisOptions {
  readonly device: GPUDevice;
  readonly batchSize: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number, note: string) => void;
}

type Features = (pixels: tf.Tensor4D) => tf.Tensor2D;

/**
 * Penultimate features of the same images without and with the defence, embedded together, so that both clouds share
 * their axes (Fig. 9-10). Half of the points are clean images, round the classes, and half their triggered versions;
 * without a trigger all are clean. Without a defence `after` is empty. The number of points is cut to what the device's
 * largest binding can hold.
 * @throws StudioError as `tsne`.
 */
export async function tsneAnalysis(
  session: Session,
  request: Params<'analysis/tsne'>,
  options: TsneAnalysisOptions,
): Promise<TsneResult> {
  const started = performance.now();
  const { dataset } = session.requireDataset();
  const { defended } = session;
  const experiment = session.experimentOrDefault();
  const trigger = await session.triggerFor(experiment);
  const split = session.displaySplit();
  const clouds = defended ? 2 : 1;
  const most = Math.floor(largestEmbedding(options.device.limits) / clouds);
  const wanted = Math.min(request.points, most);
  const chosen = chooseImages(split, trigger ? Math.ceil(wanted / 2) : wanted, request.seed);
  const points = trigger ? Math.min(wanted, 2 * chosen.length) : chosen.length;

  const victim = defended?.victim ?? session.victimFor(experiment.model);
  const size = dataset.height * dataset.width * 3;
  const passes: Features[] = [(pixels) => tf.tidy(() => victim.forwardPixels(pixels).features)];
  if (defended) passes.push((pixels) => defended.defense.features(pixels));
  const collected: Float32Array[][] = passes.map(() => []);
  for (let start = 0; start < points; start += options.batchSize) {
    options.signal.throwIfAborted();
    const count = Math.min(options.batchSize, points - start);
    const pixels = new Float32Array(count * size);
    for (const { at, images, triggered } of parts(start, count, chosen)) {
      const floats = toUnitFloats(await split.read(images));
      pixels.set(triggered && trigger ? trigger.apply(floats, images.length) : floats, at * size);
    }
    for (const [cloud, features] of passes.entries()) {
      collected[cloud]?.push(await featuresOf(pixels, count, dataset, features));
    }
    options.onProgress(start + count, points, 'Reading features');
  }
  const embedding = await tsne(options.device, joined(collected.flat()), points * clouds, {
    perplexity: request.perplexity,
    iterations: request.iterations,
    seed: request.seed,
    signal: options.signal,
    onProgress: (done, total) => options.onProgress(done, total, 'Embedding'),
  });
  return {
    step: defended?.step() ?? 0,
    before: embedding.positions.slice(0, points * 2),
    after: embedding.positions.slice(points * 2),
    labels: Int32Array.from(
      { length: points },
      (_, i) => split.labels?.[chosen[i % chosen.length] ?? -1] ?? -1,
    ),
    triggered: Uint8Array.from({ length: points }, (_, i) => (i < chosen.length ? 0 : 1)),
    points,
    klDivergence: embedding.klDivergence,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Points [start, start + count) as runs of clean images (the first `chosen.length` points) and triggered ones. */
function parts(
  start: number,
  count: number,
  chosen: readonly number[],
): { at: number; images: number[]; triggered: boolean }[] {
  const clean = chosen.slice(start, start + count);
  const from = Math.max(0, start - chosen.length);
  const rest = chosen.slice(from, from + count - clean.length);
  return [
    { at: 0, images: clean, triggered: false },
    { at: clean.length, images: rest, triggered: true },
  ].filter(({ images }) => images.length > 0);
}

async function featuresOf(
  pixels: Float32Array,
  count: number,
  { height, width }: { readonly height: number; readonly width: number },
  features: Features,
): Promise<Float32Array> {
  const images = tf.tensor4d(pixels, [count, height, width, 3]);
  const read = features(images);
  images.dispose();
  const values = (await read.data()) as Float32Array;
  read.dispose();
  return values;
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
