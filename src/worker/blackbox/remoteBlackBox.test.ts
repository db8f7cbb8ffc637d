import { describe, expect, it } from 'vitest';
import type { BlackBox } from '../../compute/blackbox/blackBox';
import type { OnnxBlackBoxOptions } from '../../compute/blackbox/onnxBlackBox';
import { StudioError } from '../../protocol/errors';
import type { BlackBoxPort } from './messages';
import { openRemoteBlackBox } from './remoteBlackBox';
import { serveBlackBox } from './serveBlackBox';

const OPTIONS: OnnxBlackBoxOptions = {
  model: new Uint8Array([1]),
  label: 'box.onnx',
  height: 1,
  width: 1,
  input: { normalization: { mean: [0, 0, 0], std: [1, 1, 1] }, channelOrder: 'RGB' },
  layout: 'auto',
  output: 'auto',
};
/** The first class's confidence is the red of the image. */
const red: BlackBox = {
  label: 'box.onnx',
  classes: 2,
  confidences: (pixels, count) =>
    pixels[0] === 1
      ? Promise.reject(new StudioError('blackbox/bad-answer', 'Not of red.'))
      : Promise.resolve(
          Float32Array.from({ length: 2 * count }, (_, i) => Math.abs((i % 2) - (pixels[3 * (i >> 1)] ?? 0))),
        ),
  close: () => Promise.resolve(),
};

function worker(open: (options: OnnxBlackBoxOptions) => Promise<BlackBox>) {
  const { port1, port2 } = new MessageChannel();
  serveBlackBox(port2, open);
  const fail: ((reason: string) => void)[] = [];
  return {
    port: port1 as unknown as BlackBoxPort,
    onFailure: (listener: (reason: string) => void) => void fail.push(listener),
    terminate: () => {
      port1.close();
      port2.close();
    },
    fail: (reason: string) => fail.forEach((listener) => listener(reason)),
  };
}

describe('a black box in a worker of its own', () => {
  it('answers as it would here, leaves the pixels to the caller, and carries its errors over', async () => {
    const box = await openRemoteBlackBox(
      worker(() => Promise.resolve(red)),
      OPTIONS,
    );
    expect(box.classes).toBe(2);
    const pixels = Float32Array.from([0.25, 0, 0, 0.5, 0, 0]);
    const [first, second] = await Promise.all([box.confidences(pixels, 2), box.confidences(pixels, 1)]);
    expect([...first]).toEqual([0.25, 0.75, 0.5, 0.5]);
    expect([...second]).toEqual([0.25, 0.75]);
    expect(pixels.length).toBe(6);
    await expect(box.confidences(Float32Array.from([1, 0, 0]), 1)).rejects.toMatchObject({
      code: 'blackbox/bad-answer',
    });
    await box.close();
  });

  it('fails what is waiting when its worker ends, and is not opened by a bad file', async () => {
    const silent = { ...red, confidences: () => new Promise<Float32Array>(() => undefined) };
    const mute = worker(() => Promise.resolve(silent));
    const box = await openRemoteBlackBox(mute, OPTIONS);
    const waiting = box.confidences(new Float32Array(3), 1);
    mute.fail('out of memory');
    await expect(waiting).rejects.toMatchObject({ code: 'worker/crashed' });
    expect(box.ended).toBe(true);
    await expect(box.confidences(new Float32Array(3), 1)).rejects.toMatchObject({ code: 'worker/crashed' });
    await box.close();
    const bad = worker(() => Promise.reject(new StudioError('format/malformed', 'No model.')));
    await expect(openRemoteBlackBox(bad, OPTIONS)).rejects.toMatchObject({ code: 'format/malformed' });
  });
});
