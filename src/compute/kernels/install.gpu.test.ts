import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openDevice, type OpenDevice } from '../device/device';
import { withBackendAside } from '../device/setAside';
import { tf } from '../tf';
import { installKernels } from './install';
import { hostOf, register, unregister } from './registry';

let open: OpenDevice;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterAll(() => open.close());

describe('installKernels', () => {
  it('passes its own self-check without a WebGPU error or a leak', async () => {
    const installed = installKernels(open.backend);
    const before = [tf.memory().numTensors, open.backend.numDataIds()];
    expect(await installed.selfCheck()).toEqual([]);
    expect([tf.memory().numTensors, open.backend.numDataIds()]).toEqual(before);
    expect(problems).toEqual([]);
    installed.uninstall();
  });

  it('puts the stock kernels back when the last holder lets go', () => {
    const stock = tf.getKernel('Conv2D', 'webgpu').kernelFunc;
    const [first, second] = [installKernels(open.backend), installKernels(open.backend)];
    expect(tf.getKernel('Conv2D', 'webgpu').kernelFunc).not.toBe(stock);
    first.uninstall();
    first.uninstall();
    expect(tf.getKernel('Conv2D', 'webgpu').kernelFunc).not.toBe(stock);
    second.uninstall();
    expect(tf.getKernel('Conv2D', 'webgpu').kernelFunc).toBe(stock);
  });

  it('switches a kernel off whose output is not written, and computes on without it', async () => {
    // A broken Sum: hands out a buffer that nobody has filled.
    register({
      name: 'Sum',
      run: (host) => host.makeTensorInfo([7], 'float32'),
      check: () => Promise.reject(new Error('unused')),
    });
    const installed = installKernels(open.backend);
    const failed = await installed.selfCheck();
    expect(failed.map(({ name }) => name)).toContain('Sum');
    expect(hostOf('Sum')).toBeNull();
    const sum = tf.tidy(() => tf.ones([9, 5, 7]).sum([0, 1]));
    expect(Array.from(await sum.data())).toEqual(Array.from({ length: 7 }, () => 45));
    sum.dispose();
    installed.uninstall();
    unregister('Sum');
  });

  it('leaves uncovered shapes to the stock kernels', async () => {
    const installed = installKernels(open.backend);
    const y = tf.tidy(() =>
      tf.conv2d(tf.ones<tf.Rank.R4>([1, 10, 10, 2]), tf.ones<tf.Rank.R4>([9, 9, 2, 3]), 1, 'valid'),
    );
    expect(Array.from(await y.data())).toEqual(Array.from({ length: 12 }, () => 162));
    y.dispose();
    installed.uninstall();
  });

  it('compiles what the self-check needs before it, without blocking, and says how far it is', async () => {
    await withBackendAside(async () => {
      const fresh = await openDevice();
      const installed = installKernels(fresh.backend);
      const [blocking, ahead] = [
        vi.spyOn(fresh.device, 'createComputePipeline'),
        vi.spyOn(fresh.device, 'createComputePipelineAsync'),
      ];
      const heard: string[] = [];
      expect(await installed.selfCheck((done, total) => heard.push(`${done}/${total}`))).toEqual([]);
      expect(ahead.mock.calls.length).toBeGreaterThan(installed.names.length);
      // A shader that depends on values of an earlier one may be met only when there are values.
      expect(blocking.mock.calls.length).toBeLessThanOrEqual(1);
      const kernels = installed.names.length;
      expect(heard).toEqual(Array.from({ length: kernels + 1 }, (_, done) => `${done}/${kernels}`));
      installed.uninstall();
      fresh.close();
    });
  });
});
