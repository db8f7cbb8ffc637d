import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../device/device';
import { tf } from '../tf';
import { compileAhead } from './compileAhead';

let open: OpenDevice;
const problems: string[] = [];

beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});

afterAll(() => open.close());

it('refuses a step that would bind more than the device allows, and loses nothing', async () => {
  const { maxStorageBufferBindingSize: limit } = open.device.limits;
  const count = 4096;
  const weights = tf.tensor1d(Float32Array.from({ length: count }, (_, i) => i));
  const most = Math.floor(limit / 4 / count);
  const step = (times: number) => (): void =>
    tf.tidy(() => {
      tf.tile(weights, [times]);
    });
  const before = tf.memory().numTensors;
  await expect(compileAhead(open.backend, step(most + 1), new Set())).rejects.toMatchObject({
    code: 'experiment/too-large',
    message: expect.stringMatching(
      /takes \d+ MB in one piece.* allows \d+ MB: lower the batch size\.$/,
    ) as string,
  });
  await expect(compileAhead(open.backend, step(most), new Set())).resolves.toBeGreaterThanOrEqual(0);
  expect(tf.memory().numTensors).toBe(before);
  // The weights, first seen in the refused recording, are on the device with their values.
  const doubled = tf.mul(weights, 2);
  expect((await doubled.data()).slice(-2)).toEqual(Float32Array.of(2 * (count - 2), 2 * (count - 1)));
  expect(problems).toEqual([]);
  tf.dispose([weights, doubled]);
});
