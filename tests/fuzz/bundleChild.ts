import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { aliases } from '../../vite.shared';

/** The child as one program that Node runs by itself; the caller removes it. */
export interface BuiltChild {
  readonly path: string;
  remove(): Promise<void>;
}

/** Bundles `child.ts` as the command line is bundled: TypeScript and inlined wasm need a build. */
export async function buildChild(): Promise<BuiltChild> {
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const outDir = await mkdtemp(join(tmpdir(), 'fuzz-'));
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    resolve: { alias: aliases },
    ssr: {
      noExternal: true,
      external: ['webgpu', 'onnxruntime-web'],
      resolve: { mainFields: ['module', 'main'] },
    },
    build: {
      ssr: 'tests/fuzz/child.ts',
      outDir,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      rollupOptions: { output: { entryFileNames: 'child.mjs' } },
    },
  });
  return { path: join(outDir, 'child.mjs'), remove: () => rm(outDir, { recursive: true, force: true }) };
}
