import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Installs Dawn's WebGPU in this Node process: the `GPU*` classes as globals, and the `GPU` object as the result.
 * lavapipe needs `XDG_RUNTIME_DIR`; it is set to a folder under the temporary directory where it is missing.
 */
export async function installDawn(): Promise<GPU> {
  if (!process.env['XDG_RUNTIME_DIR']) {
    const folder = join(tmpdir(), `refine-studio-runtime-${process.getuid?.() ?? 0}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    process.env['XDG_RUNTIME_DIR'] = folder;
  }
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  const gpu = create([]);
  const scope = globalThis as { navigator?: object };
  // Node 20 has no `navigator`; later versions have one without `gpu`.
  if (scope.navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true });
  } else {
    Object.defineProperty(scope.navigator, 'gpu', { value: gpu, configurable: true });
  }
  return gpu;
}
