import { strFromU8, unzipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readFixture } from '../../../tests/setup/fixture';
import type { BlackBox } from '../../compute/blackbox/blackBox';
import { openOnnxBlackBox, type OnnxBlackBoxOptions } from '../../compute/blackbox/onnxBlackBox';
import { StudioError } from '../../protocol/errors';
import type { Params, RequestName, Result, WorkerEvent } from '../../protocol/messages';
import { createMemoryStore } from '../../storage/memoryStore';
import { createEngine, type Engine } from './engine';
import { loadDrawnSigns } from './loadDataset';

const IMAGE = 32 * 32 * 3;
const RUNTIME = '../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm';
/** What PyTorch says of two images (tests/fixtures/blackbox/make.py). */
interface Expected {
  mean: [number, number, number];
  std: [number, number, number];
  cases: { tiny: { images: number[]; confidences: number[][] } };
}
/** Ten classes by the image's mean red; the reddest answer is what it says. */
const opened: OnnxBlackBoxOptions[] = [];
let asked = 0;
/** Images that it still answers. */
let answers = Infinity;
async function openOnnx(options: OnnxBlackBoxOptions): Promise<BlackBox> {
  opened.push(options);
  if (options.label === 'tiny.onnx') return openOnnxBlackBox(options, await readFixture(RUNTIME));
  return Promise.resolve({
    label: options.label,
    classes: 10,
    confidences(pixels, count) {
      asked += count;
      if (asked > answers) {
        return Promise.reject(new StudioError('blackbox/unreachable', 'It does not answer any more.'));
      }
      const values = new Float32Array(10 * count).fill(0.02);
      for (let i = 0; i < count; i++) {
        let red = 0;
        for (let at = 0; at < IMAGE; at += 3) red += pixels[i * IMAGE + at]! / (32 * 32);
        values[10 * i + Math.min(9, Math.floor(10 * red))] = 0.82;
      }
      return Promise.resolve(values);
    },
    close: () => Promise.resolve(),
  });
}

const file = (blackBox: Record<string, unknown>) =>
  ({
    version: 1,
    name: 'black',
    seed: 3,
    model: {
      blackBox: {
        distil: {
          width: 2,
          schedule: { kind: 'constant' },
          batchSize: 8,
          epochs: 2,
          maxSteps: 5,
        },
        ...blackBox,
      },
    },
    dataset: { path: 'drawn:signs', train: 24, test: 12 },
    attack: { kind: 'badnets', target: 0 },
    defense: {
      kind: 'refine',
      firstChannels: 2,
      batchSize: 8,
      maxSteps: 2,
      schedule: { kind: 'constant' },
    },
    evaluate: { everyEpochs: 0, logEverySteps: 1 },
  }) as unknown as Params<'blackbox/distil'>['experiment'];

const events: WorkerEvent[] = [];
const store = createMemoryStore();
const make = (): Engine =>
  createEngine({
    store,
    emit: (event) => void events.push(event),
    fetchDemo: () => Promise.reject(new Error('not asked for here')),
    openOnnx,
  });
let engine = make();
const call = <N extends RequestName>(name: N, params: Params<N>): Promise<Result<N>> =>
  Promise.resolve(engine.handlers[name](params, { progress: () => undefined }));
const of = <K extends WorkerEvent['kind']>(kind: K) =>
  events.filter((event): event is Extract<WorkerEvent, { kind: K }> => event.kind === kind);

beforeAll(async () => {
  engine.session.replaceDataset(await loadDrawnSigns({ trainCount: 40, testCount: 20 }));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => engine.dispose());

describe('a black box in the engine', () => {
  it('is distilled, defended by way of its surrogate, and measured: four pairs, kept with the run', async () => {
    await call('blackbox/open', { file: { path: 'box.onnx', blob: new Blob([new Uint8Array([7])]) } });
    const experiment = file({ path: 'box.onnx' });
    const { totalSteps } = await call('blackbox/distil', { experiment, resume: null, allowNetwork: false });
    expect(totalSteps).toBe(5);
    await engine.runs.idle();
    expect(of('run/failed')).toEqual([]);
    expect(opened).toMatchObject([{ label: 'box.onnx', height: 32, width: 32, model: new Uint8Array([7]) }]);
    // Five batches of eight of 24 images: each image once, with the 12 + 12 of the evaluation.
    expect(asked).toBe(24 + 12 + 12);
    const [stored] = await call('runs/list', {});
    expect(stored).toMatchObject({ kind: 'surrogate', status: 'done' });
    expect(stored?.before?.benignAccuracy?.of).toBe(12);
    // How often the two agree, without a question more.
    expect(stored?.after?.agreementWithOriginal?.of).toBe(12);
    expect(of('run/evaluation').at(-1)?.point.evaluation.agreementWithOriginal).toEqual(
      stored?.after?.agreementWithOriginal,
    );

    const adopted = await call('victim/adopt', {});
    expect(adopted.summary).toMatchObject({ fileName: 'black-surrogate.pth', classes: 10 });
    await call('run/start', { experiment, resume: null });
    await engine.runs.idle();
    asked = 0;
    const pairs = await call('blackbox/evaluate', { allowNetwork: false });
    // Behind the transform: clean and triggered; what it said of the images as they are is remembered.
    expect(asked).toBe(24);
    expect(pairs.original).toEqual(stored?.before);
    for (const evaluation of Object.values(pairs)) {
      expect(evaluation?.benignAccuracy?.of).toBe(12);
      expect(evaluation?.attackSuccessRate?.of).toBeGreaterThan(8);
    }
    expect(pairs.defended?.agreementWithOriginal?.of).toBe(12);
    const { bytes } = await call('export/file', { kind: 'results.json' });
    expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({ blackBox: { defended: {} } });
    const defended = (await call('runs/list', {})).find(({ kind }) => kind === 'defense');
    const whole = await call('runs/read', { runId: defended!.id });
    expect(whole.results?.blackBox).toEqual(pairs);
    const bundle = unzipSync((await call('export/file', { kind: 'bundle.zip' })).bytes);
    expect(JSON.parse(strFromU8(bundle['results.json']!))).toMatchObject({
      blackBox: JSON.parse(JSON.stringify(pairs)) as object,
    });

    // Brought back after a reload: the surrogate, the file and the pairs, and nothing is asked for it.
    await engine.dispose();
    engine = make();
    const restored = await call('session/restore', {});
    expect(restored).toMatchObject({ blackBox: 'box.onnx', model: { summary: adopted.summary } });
    engine.session.replaceDataset(await loadDrawnSigns({ trainCount: 40, testCount: 20 }));
    asked = 0;
    await call('run/start', { experiment, resume: defended!.id });
    await engine.runs.idle();
    expect(asked).toBe(0);
    expect(of('run/finished').at(-1)?.results.blackBox).toEqual(pairs);
  });

  it('refuses an attack that cannot be made before anything is asked', async () => {
    asked = 0;
    const experiment = {
      ...file({ path: 'box.onnx' }),
      attack: { kind: 'badnets' as const, target: 0, options: { size: 40 } },
    };
    await expect(call('blackbox/distil', { experiment, resume: null, allowNetwork: false })).rejects.toThrow(
      /larger than the images/,
    );
    expect(asked).toBe(0);
    expect(engine.runs.active).toBeNull();
  });

  it('keeps what was learned when the black box stops answering, and goes on from there', async () => {
    asked = 0;
    // The measuring, and two batches.
    answers = 24 + 16;
    const experiment = { ...file({ path: 'box.onnx' }), name: 'gone' };
    const { runId } = await call('blackbox/distil', { experiment, resume: null, allowNetwork: false });
    await engine.runs.idle();
    expect(of('run/failed').at(-1)).toMatchObject({ runId, error: { code: 'blackbox/unreachable' } });
    const { step } = of('run/checkpointed').findLast((event) => event.runId === runId)!;
    expect(step).toBe(2);
    expect((await call('victim/adopt', {})).summary.fileName).toBe('gone-surrogate.pth');
    answers = Infinity;
    asked = 0;
    await call('blackbox/distil', { experiment, resume: runId, allowNetwork: false });
    await engine.runs.idle();
    // The third batch alone: everything else it said before.
    expect(asked).toBe(8);
    const whole = await call('runs/read', { runId });
    expect(whole).toMatchObject({ status: 'done', step: 5 });
    expect(whole.metrics.map((row) => row.step)).toEqual([1, 2, 3, 4, 5]);

    // The same as one that was never interrupted.
    const named = { ...experiment, name: 'whole' };
    const other = await call('blackbox/distil', { experiment: named, resume: null, allowNetwork: false });
    await engine.runs.idle();
    const uninterrupted = await call('runs/read', { runId: other.runId });
    const curve = ({ metrics }: typeof whole) => metrics.map(({ loss }) => loss);
    expect(curve(whole)).toEqual(curve(uninterrupted));
    expect(whole.after).toEqual(uninterrupted.after);
  });

  it('tries a real ONNX file on one image, as PyTorch answers it, and refuses other classes than the images have', async () => {
    const expected = JSON.parse(strFromU8(await readFixture('blackbox/expected.json'))) as Expected;
    const { images, confidences } = expected.cases.tiny;
    const pixels = Uint8Array.from(images);
    const loaded = await loadDrawnSigns({ trainCount: 40, testCount: 20 });
    const { dataset } = loaded;
    const test = {
      count: 2,
      labels: Int32Array.from([3, 4]),
      read: (indices: ArrayLike<number>) =>
        Promise.resolve(
          Uint8Array.from(
            Array.from(indices).flatMap((i) => [...pixels.subarray(i * IMAGE, (i + 1) * IMAGE)]),
          ),
        ),
    };
    engine.session.replaceDataset({ ...loaded, dataset: { ...dataset, test } });
    const blob = new Blob([await readFixture('blackbox/tiny.onnx')]);
    await call('blackbox/open', { file: { path: 'tiny.onnx', blob } });
    const { mean, std } = expected;
    const blackBox = file({ path: 'tiny.onnx' });
    const experiment = { ...blackBox, model: { ...blackBox.model, normalization: { mean, std } } };
    const trial = await call('blackbox/try', { experiment, allowNetwork: false });
    expect(trial.image).toMatchObject({ count: 1, labels: [3] });
    trial.confidences.forEach((value, j) => expect(value).toBeCloseTo(confidences[0]![j]!, 5));
    const classNames = dataset.classNames.slice(0, 7);
    engine.session.replaceDataset({ ...loaded, dataset: { ...dataset, classNames } });
    await expect(call('blackbox/try', { experiment, allowNetwork: false })).rejects.toMatchObject({
      code: 'blackbox/bad-answer',
      message:
        'The answer of tiny.onnx cannot be used: it gives 10 confidences, and the images have 7 classes.',
    });
    engine.session.replaceDataset(loaded);
    // It is opened anew, and asked about images of its own classes again.
    const before = opened.length;
    expect((await call('blackbox/try', { experiment, allowNetwork: false })).confidences).toHaveLength(10);
    expect(opened).toHaveLength(before + 1);
  });

  it('shows the black box, under raw input, the pixels that its normalisation turns into T(x)', async () => {
    const { inFrontOfBlackBox } = await import('../../compute/blackbox/evaluateBlackBox');
    const model = {
      normalization: { mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 0.4] },
      channelOrder: 'BGR',
    } as const;
    const input = { normalization: { mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 0.4] } };
    const settings = { ...model, normalization: input.normalization } as Parameters<
      typeof inFrontOfBlackBox
    >[1];
    const shown = inFrontOfBlackBox((pixels) => pixels.clone(), settings, 'raw', { height: 1, width: 1 });
    const got = await shown(Float32Array.from([0.2, 0.4, 1]), 1);
    // RGB; the statistics are of BGR: red is their last.
    [0.2 * 0.4 + 0.3, 0.4 * 0.25 + 0.2, 1 * 0.5 + 0.1].forEach((value, i) =>
      expect(got[i]).toBeCloseTo(value, 6),
    );
  });

  it('asks no address without leave, and says what is missing', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('touched'));
    const there = file({ url: 'https://example.org/ask' });
    await expect(
      call('blackbox/distil', { experiment: there, resume: null, allowNetwork: false }),
    ).rejects.toMatchObject({ code: 'blackbox/not-allowed' });
    await expect(call('blackbox/try', { experiment: there, allowNetwork: false })).rejects.toMatchObject({
      code: 'blackbox/not-allowed',
    });
    await expect(
      call('blackbox/distil', { experiment: file({ path: 'no.onnx' }), resume: null, allowNetwork: false }),
    ).rejects.toMatchObject({ code: 'file/missing', subject: 'model.blackBox.path' });
    await expect(
      call('blackbox/distil', { experiment: file({}), resume: null, allowNetwork: true }),
    ).rejects.toMatchObject({ code: 'experiment/invalid' });
    expect(fetched).not.toHaveBeenCalled();
  });
});
