import { afterEach, describe, expect, it } from 'vitest';
import { tf } from '../tf';
import { openDevice, type OpenDevice } from './device';

describe('openDevice', () => {
  let open: OpenDevice | null = null;
  afterEach(() => {
    open?.close();
    open = null;
  });

  it('installs the device as the tfjs backend and computes with it', async () => {
    open = await openDevice();
    expect(tf.getBackend()).toBe('webgpu');
    const sum = tf.tidy(() => tf.matMul(tf.ones([4, 8]), tf.ones([8, 4])).sum());
    expect((await sum.data())[0]).toBe(128);
    expect(open.device.limits.maxBufferSize).toBe(open.adapter.maxBufferBytes);
  });

  it('reports validation errors that nobody scoped', async () => {
    open = await openDevice();
    const seen = new Promise<string>((resolve) => open?.onUncapturedError((error) => resolve(error.code)));
    open.device.createShaderModule({ code: 'this is not WGSL' });
    // Chrome sends the error once something flushes its command stream.
    await open.device.queue.onSubmittedWorkDone();
    await expect(seen).resolves.toBe('gpu/error');
  });

  it('refuses a browser without WebGPU and a machine without an adapter, in words', async () => {
    const nothing = { requestAdapter: async () => null } as unknown as GPU;
    await expect(openDevice({ gpu: nothing })).rejects.toMatchObject({ code: 'gpu/no-adapter' });
  });
});
