import { createServer, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { CHROME_FLAGS, ensureChrome } from '../../scripts/browser.mjs';
import { StudioError } from '../../src/protocol/errors';
import type { BenchOptions } from './options';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/**
 * Runs the benchmark in a headless Chrome, on a page built for it: where a machine has no adapter in Node, and where
 * @jax-js/jax is at home. Gives the report as text; progress goes to `say`.
 *
 * @param root the project's folder: the page is built from its sources with its development packages.
 * @throws StudioError `gpu/unsupported` where there is no Chrome.
 */
export async function benchInChrome(
  options: BenchOptions,
  root: string,
  say: (line: string) => void,
): Promise<string> {
  const executablePath = ensureChrome();
  if (executablePath === null)
    throw new StudioError('gpu/unsupported', '--chrome found no Chrome; name one in CHROME_PATH.');
  const folder = join(root, '.cache', 'bench-page');
  const { build } = await import('vite');
  await build({ configFile: join(root, 'vite.bench.config.ts'), logLevel: 'warn' });
  const server = await serve(folder);
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({ executablePath, args: CHROME_FLAGS });
  try {
    const page = await browser.newPage();
    page.on('console', (message) => say(message.text()));
    page.on('crash', () => say('The page crashed.'));
    await page.goto(address(server));
    await page.waitForFunction('window.runBench !== undefined');
    return await page.evaluate((request) => window.runBench(request), { ...options });
  } finally {
    await browser.close();
    server.close();
  }
}

/** A page needs a secure context for WebGPU, which localhost is. */
function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    const file = join(folder, path === '/' ? 'index.html' : path);
    readFile(file).then(
      (bytes) => {
        response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
        response.end(bytes);
      },
      () => {
        response.statusCode = 404;
        response.end();
      },
    );
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function address(server: Server): string {
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('The server has no port.');
  return `http://127.0.0.1:${at.port}/`;
}
