import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { relativeDistance } from '../../../tests/setup/distance';
import type { BlackBoxSettings } from '../../protocol/blackBox';
import { openOnnxBlackBox } from './onnxBlackBox';

/** What PyTorch says of the same images (tests/fixtures/blackbox/make.py). */
interface Case {
  readonly size: number;
  readonly order: 'RGB' | 'BGR';
  readonly images: readonly number[];
  readonly confidences: readonly (readonly number[])[];
}
const folder = new URL('../../../tests/fixtures/blackbox/', import.meta.url);
const expected = JSON.parse(readFileSync(new URL('expected.json', folder), 'utf8')) as {
  mean: [number, number, number];
  std: [number, number, number];
  cases: Record<string, Case>;
};
const binary = readFileSync(
  new URL('../../../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm', import.meta.url),
);

function open(name: string, change: Partial<BlackBoxSettings> & { size?: number; bytes?: Uint8Array } = {}) {
  const { size, order } = expected.cases[name]!;
  const side = change.size ?? size;
  return openOnnxBlackBox(
    {
      model: change.bytes ?? readFileSync(new URL(`${name}.onnx`, folder)),
      label: `${name}.onnx`,
      height: side,
      width: side,
      input: { normalization: { mean: expected.mean, std: expected.std }, channelOrder: order },
      layout: change.layout ?? 'auto',
      output: change.output ?? 'auto',
    },
    binary,
  );
}

describe('an ONNX file as a black box', () => {
  it.each([
    ['channels first, any batch, logits', 'tiny'],
    ['BGR, two images a batch, one left over', 'tiny_bgr_batch2'],
    ['channels last, softmax within', 'tiny_nhwc_softmax'],
  ])('gives the confidences PyTorch gives: %s', async (_what, name) => {
    const { images, confidences } = expected.cases[name]!;
    const box = await open(name);
    expect(box.classes).toBe(10);
    const pixels = Float32Array.from(images, (value) => value / 255);
    const got = await box.confidences(pixels, confidences.length);
    const wanted = Float32Array.from(confidences.flat());
    expect(got.length).toBe(wanted.length);
    expect(relativeDistance(got, wanted)).toBeLessThan(2e-6);
    // Not a set of rows that any network would give.
    expect(Math.max(...wanted)).toBeGreaterThan(0.3);
    await box.close();
  });

  it('takes logits for confidences only where that is said, and refuses what they then are', async () => {
    await expect(open('tiny', { output: 'confidences' })).rejects.toMatchObject({
      code: 'blackbox/bad-answer',
    });
  });

  it.each([
    ['another image size', 'tiny', { size: 28 }, 'model/shape-mismatch', /takes 32×32, the images are 28×28/],
    ['the other layout', 'tiny', { layout: 'NHWC' }, 'model/shape-mismatch', /32 channels and not 3/],
    ['no ONNX at all', 'tiny', { bytes: new Uint8Array([1, 2, 3, 4]) }, 'format/malformed', /tiny\.onnx/],
  ] as const)('refuses %s in one sentence', async (_what, name, change, code, message) => {
    await expect(open(name, change)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('stops between two batches', async () => {
    const box = await open('tiny_bgr_batch2');
    const aborted = AbortSignal.abort();
    await expect(box.confidences(new Float32Array(5 * 192), 5, aborted)).rejects.toMatchObject({
      code: 'aborted',
    });
    await box.close();
  });
});
