// Finds a Chrome (or Chromium), or installs Debian's where that is possible; and probes for a WebGPU adapter in Node.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Flags for a headless Chrome with WebGPU on whatever adapter there is, SwiftShader where there is none. */
export const CHROME_FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];

const CANDIDATES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:/Program Files/Google/Chrome/Application/chrome.exe',
  'C:/Program Files (x86)/Google/Chrome/Application/chrome.exe',
];

/** @returns {string | null} the browser named by CHROME_PATH, else the first one found in the usual places */
export function findChrome() {
  const named = process.env.CHROME_PATH;
  if (named) return existsSync(named) ? named : null;
  return CANDIDATES.find((path) => existsSync(path)) ?? null;
}

/** @returns {boolean} whether packages can be installed: Debian's apt-get, as root */
export function canInstall() {
  return existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
}

/** @returns {string | null} a browser, installed first where none is found and that is possible */
export function ensureChrome() {
  const found = findChrome();
  if (found || !canInstall()) return found;
  console.log('No Chrome found: installing Debian’s chromium.');
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };
  spawnSync('apt-get', ['update'], quiet);
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], {
    ...quiet,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return findChrome();
}

/** @returns {string | null} the name of Dawn's adapter in Node, asked in a process of its own, since a bad driver can end one */
export function nodeAdapter() {
  const probe = spawnSync(process.execPath, [join(here, 'probeAdapter.mjs')], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return probe.status === 0 ? probe.stdout.trim() : null;
}
