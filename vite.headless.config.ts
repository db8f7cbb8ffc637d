import { defineConfig } from 'vite';
import { aliases } from './vite.shared.ts';

// The command line door: everything but Dawn's native module in one file, so that it can be carried to another machine. What the
// benchmark may use beyond that (a peer, a browser and what builds a page for it) stays outside too, and is loaded when asked for.
export default defineConfig({
  publicDir: false,
  resolve: { alias: aliases },
  ssr: {
    noExternal: true,
    external: ['webgpu', 'onnxruntime-web', '@jax-js/jax', 'vite', 'playwright-core'],
    resolve: { mainFields: ['module', 'main'] },
  },
  build: {
    ssr: 'headless/main.ts',
    outDir: '.cache/headless',
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rollupOptions: { output: { entryFileNames: 'main.mjs' } },
  },
});
