// Prints the name of the WebGPU adapter that Dawn finds in this Node and computes one sum with it; exits with 1 where there is none.
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

if (!process.env.XDG_RUNTIME_DIR) {
  process.env.XDG_RUNTIME_DIR = join(tmpdir(), `refine-studio-runtime-${process.getuid?.() ?? 0}`);
  mkdirSync(process.env.XDG_RUNTIME_DIR, { recursive: true, mode: 0o700 });
}
const { create, globals } = await import('webgpu');
Object.assign(globalThis, globals);
// Kept on the global object: Dawn answers nothing once its instance has been collected.
globalThis.gpu = create([]);
const adapter = await globalThis.gpu.requestAdapter();
if (!adapter) process.exit(1);
const device = await adapter.requestDevice();
const buffer = device.createBuffer({
  size: 16,
  usage: globals.GPUBufferUsage.COPY_SRC | globals.GPUBufferUsage.COPY_DST,
});
device.queue.writeBuffer(buffer, 0, new Uint32Array([1, 2, 3, 4]));
await device.queue.onSubmittedWorkDone();
console.log(adapter.info.description || adapter.info.device || 'unnamed adapter');
process.exit(0);
