import { describe, expect, it } from 'vitest';
import { createGpuQueue } from './gpuQueue';

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('createGpuQueue', () => {
  it('runs one job at a time, in order, whatever each takes', async () => {
    const queue = createGpuQueue();
    const log: string[] = [];
    const job = (name: string, ms: number) => async () => {
      log.push(`${name} begins`);
      await later(ms);
      log.push(`${name} ends`);
      return name;
    };
    const all = Promise.all([queue.run(job('a', 8)), queue.run(job('b', 1)), queue.run(job('c', 3))]);
    expect(queue.length).toBe(3);
    expect(await all).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    await later(0);
    expect(queue.length).toBe(0);
  });

  it('goes on after a job that fails', async () => {
    const queue = createGpuQueue();
    const failing = queue.run(() => Promise.reject(new Error('no')));
    const next = queue.run(() => Promise.resolve(2));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe(2);
  });

  it('never starts a job that was called off while it waited', async () => {
    const queue = createGpuQueue();
    const abort = new AbortController();
    let started = false;
    const first = queue.run(() => later(5));
    const second = queue.run(async () => {
      started = true;
    }, abort.signal);
    abort.abort();
    await first;
    await expect(second).rejects.toMatchObject({ code: 'aborted' });
    expect(started).toBe(false);
  });
});
