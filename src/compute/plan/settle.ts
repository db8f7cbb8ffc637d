import type { WebGPUBackend } from '../tf';
import { internalsOf } from './internals';
import { neededOperations } from './liveness';
import { Plan } from './plan';
import { isRecorded, usesOf, type AnyBuffer, type RecordedBuffer, type Recording } from './recording';
import type { Placement } from './resolve';
import { Unplannable } from './unplannable';

/**
 * Gives a recording's survivors (weights seen for the first time, what is made of them once) their buffers and their
 * values, so that the next recording of the same code finds them on the GPU.
 *
 * @param changing buffers with what differs from step to step: nothing that survives may depend on them.
 * @returns whether there was any. @throws Unplannable where a survivor depends on one step's data.
 */
export function settle(
  backend: WebGPUBackend,
  { operations, survivors }: Recording,
  changing: ReadonlySet<AnyBuffer>,
): boolean {
  const inner = internalsOf(backend);
  if (!inner || survivors.length === 0) return false;
  const computed = new Map<RecordedBuffer, Placement>();
  for (const { dataId, buffer } of survivors) {
    const real = inner.bufferManager.acquireBuffer(buffer.bytes, buffer.usage);
    inner.tensorMap.get(dataId).resource = real;
    if (buffer.content) inner.queue.writeBuffer(real, 0, buffer.content);
    else computed.set(buffer, { buffer: real, offset: 0 });
  }
  if (computed.size === 0) return true;
  const uses = operations.map((operation) =>
    usesOf(operation).map(({ buffer, writes }) => ({ id: buffer, writes })),
  );
  const kept = neededOperations(uses, (buffer) => isRecorded(buffer) && computed.has(buffer));
  const once = operations.filter((_, i) => kept[i]);
  for (const { buffer, writes } of once.flatMap((operation) => usesOf(operation))) {
    if (isRecorded(buffer)) continue;
    if (writes || changing.has(buffer)) throw new Unplannable('the step keeps a tensor of one batch');
  }
  const plan = new Plan(inner.device, [once], computed);
  plan.run([0]);
  plan.dispose();
  return true;
}
