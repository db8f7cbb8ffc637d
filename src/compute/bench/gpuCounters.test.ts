import { expect, test } from 'vitest';
import { GpuCounters } from './gpuCounters';

/** A device that only remembers what it was asked for. */
function fakeDevice(): GPUDevice {
  const pass = { dispatchWorkgroups: () => undefined, end: () => undefined };
  return {
    queue: { submit: () => undefined, writeBuffer: () => undefined },
    createBindGroup: () => ({}),
    createComputePipeline: () => ({}),
    createComputePipelineAsync: () => Promise.resolve({}),
    createCommandEncoder: () => ({ beginComputePass: () => ({ ...pass }), finish: () => ({}) }),
    createBuffer: () => ({ destroy: () => undefined }),
  } as unknown as GPUDevice;
}

test('bytes fall when buffers are destroyed, once; the peak stays', () => {
  const device = fakeDevice();
  const counters = new GpuCounters(device, null);
  const first = device.createBuffer({ size: 100, usage: 0 });
  device.createBuffer({ size: 50, usage: 0, mappedAtCreation: true });
  first.destroy();
  first.destroy();
  expect([counters.bytes, counters.peakBytes]).toEqual([50, 150]);
  device.createBuffer({ size: 20, usage: 0 });
  expect(counters.peakBytes).toBe(150);
  counters.resetPeaks();
  expect(counters.peakBytes).toBe(70);
  const { buffers, uploads } = counters.take();
  expect({ buffers, uploads }).toEqual({ buffers: 3, uploads: 1 });
});

test('dispatches are counted by their pass, and a take begins anew', () => {
  const device = fakeDevice();
  const counters = new GpuCounters(device, null);
  const encoder = device.createCommandEncoder();
  const named = encoder.beginComputePass({ label: 'sgd' });
  named.dispatchWorkgroups(1);
  named.dispatchWorkgroups(2, 2);
  encoder.beginComputePass().dispatchWorkgroups(1);
  device.createComputePipeline({} as GPUComputePipelineDescriptor);
  device.queue.submit([encoder.finish()]);
  const counts = counters.take();
  expect(counts.dispatches).toBe(3);
  expect(counts.submits).toBe(1);
  expect(counts.pipelines).toBe(1);
  expect([...counts.kernels]).toEqual([
    ['sgd', 2],
    ['unnamed', 1],
  ]);
  expect(counters.take().dispatches).toBe(0);
});
