import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { aliases } from './vite.shared.ts';

// A page for `headless bench --chrome`; it is no part of the studio's page, which never sees the peer it is compared with.
export default defineConfig({
  root: fileURLToPath(new URL('headless/bench/page', import.meta.url)),
  base: './',
  publicDir: false,
  resolve: { alias: aliases },
  worker: { format: 'es' },
  build: {
    target: 'chrome120',
    outDir: fileURLToPath(new URL('.cache/bench-page', import.meta.url)),
    emptyOutDir: true,
    chunkSizeWarningLimit: 3000,
  },
});
