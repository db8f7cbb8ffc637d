import { defineConfig } from 'vite';
import { aliases } from './vite.shared.ts';

// The command line door: everything but Dawn's native module in one file, so that it can be carried to another machine.
export default defineConfig({
  publicDir: false,
  resolve: { alias: aliases },
  ssr: { noExternal: true, external: ['webgpu'], resolve: { mainFields: ['module', 'main'] } },
  build: {
    ssr: 'headless/main.ts',
    outDir: '.cache/headless',
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    rollupOptions: { output: { entryFileNames: 'main.mjs' } },
  },
});
