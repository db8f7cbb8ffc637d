import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROME_FLAGS, findChrome } from './scripts/browser.mjs';
import { aliases } from './vite.shared.ts';

const executablePath = findChrome();

/** The GPU tests in Chrome, for machines where Node has no WebGPU adapter. */
export default defineConfig({
  resolve: {
    alias: [
      ...aliases,
      // The team's own data cannot be read from a page; those tests skip there.
      {
        find: /^(.*)\/setup\/shared$/,
        replacement: fileURLToPath(new URL('tests/setup/shared.browser.ts', import.meta.url)),
      },
    ],
  },
  test: {
    name: 'gpu-chrome',
    include: ['{src,tests}/**/*.gpu.test.ts'],
    testTimeout: 900_000,
    hookTimeout: 300_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: { args: CHROME_FLAGS, ...(executablePath === null ? {} : { executablePath }) },
      }),
      instances: [{ browser: 'chromium' }],
    },
  },
});
