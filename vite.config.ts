import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { aliases } from './vite.shared';

/** The page's bundle and, apart from it, the worker's. `base` is relative: the page works from any folder. */
export default defineConfig({
  base: './',
  plugins: [react()],
  resolve: { alias: aliases },
  worker: { format: 'es' },
  build: { target: 'chrome120', chunkSizeWarningLimit: 1500 },
});
