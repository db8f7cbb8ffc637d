import { defineConfig } from 'vitest/config';

// Three projects: `unit` needs no GPU; `gpu` needs an adapter (Dawn in Node here; `vitest.browser.config.ts`
// runs the same files in Chrome where Node has none); `e2e` drives the built page in a real Chrome.
export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,headless,tests}/**/*.test.{ts,tsx}'],
          exclude: ['**/*.gpu.test.ts', 'tests/e2e/**'],
          setupFiles: ['tests/setup/page.ts'],
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'gpu',
          include: ['{src,headless,tests}/**/*.gpu.test.ts'],
          setupFiles: ['tests/setup/dawn.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 1,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/e2e/**/*.test.ts'],
          testTimeout: 900_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
