import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build, preview, type PreviewServer } from 'vite';
import { CHROME_FLAGS, findChrome } from '../../scripts/browser.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The built page, served, and a Chrome to open it in. */
export interface StudioServer {
  readonly url: string;
  /** A page in a profile of its own: nothing stored by another test is there. */
  newPage(): Promise<StudioPage>;
  close(): Promise<void>;
}

/** One page and what it complained about. */
export interface StudioPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Uncaught errors and console errors so far. */
  readonly complaints: string[];
}

/** Builds the page as it ships, serves it and launches Chrome. */
export async function openStudio(): Promise<StudioServer> {
  const outDir = await mkdtemp(join(tmpdir(), 'refine-studio-e2e-'));
  await build({ root, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  const server: PreviewServer = await preview({
    root,
    logLevel: 'error',
    build: { outDir },
    preview: { port: 0, host: '127.0.0.1' },
  });
  const url = server.resolvedUrls?.local[0] ?? '';
  const browser = await launch();
  return {
    url,
    async newPage() {
      const context = await browser.newContext({
        viewport: { width: 1440, height: 900 },
        acceptDownloads: true,
      });
      await context.grantPermissions(['clipboard-read', 'clipboard-write']);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
      });
      page.setDefaultTimeout(60_000);
      return { page, context, complaints };
    },
    async close() {
      await browser.close();
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}

async function launch(): Promise<Browser> {
  const executablePath = findChrome();
  if (executablePath === null) throw new Error('No Chrome was found; set CHROME_PATH to one.');
  return chromium.launch({ executablePath, args: CHROME_FLAGS });
}
