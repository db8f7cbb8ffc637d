// `npm test`: types, lint, format, then unit, GPU and end-to-end tests, with one line of totals at the end.
// GPU tests run on Dawn in Node where it finds an adapter, else in Chrome (SwiftShader where there is no GPU).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureChrome, nodeAdapter } from './browser.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const totals = { passed: 0, failed: 0, skipped: 0 };

function bin(name) {
  return join(root, 'node_modules', '.bin', process.platform === 'win32' ? `${name}.cmd` : name);
}

function run(command, args, env = {}) {
  const started = Date.now();
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  console.log(`(${Math.round((Date.now() - started) / 1000)} s)`);
  return status === 0;
}

/** A check without tests of its own counts as one. */
function check(title, command, args) {
  console.log(`\n── ${title}`);
  if (run(command, args)) totals.passed += 1;
  else totals.failed += 1;
}

function suite(title, args, env) {
  console.log(`\n── ${title}`);
  const report = join(cache, 'report.json');
  rmSync(report, { force: true });
  const fine = run(
    bin('vitest'),
    ['run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    env,
  );
  if (!existsSync(report)) {
    totals.failed += 1;
    return;
  }
  const {
    numPassedTests,
    numFailedTests,
    numPendingTests,
    numTodoTests = 0,
  } = JSON.parse(readFileSync(report, 'utf8'));
  totals.passed += numPassedTests;
  totals.failed += numFailedTests;
  totals.skipped += numPendingTests + numTodoTests;
  // A suite that fails to load, or an unhandled error, has no failed test of its own.
  if (!fine && numFailedTests === 0) totals.failed += 1;
}

check('Types', bin('tsc'), ['--noEmit']);
check('Lint', bin('eslint'), ['.', '--max-warnings', '0']);
check('Format', bin('prettier'), ['--check', '.', '--log-level', 'warn']);
suite('Unit tests', ['--project', 'unit']);

const chrome = ensureChrome();
const adapter = nodeAdapter();
const browserEnv = chrome ? { CHROME_PATH: chrome } : {};
if (adapter) {
  suite(`GPU tests, Dawn in Node on ${adapter}`, ['--project', 'gpu']);
  // What is about the browser's own storage skips in Node.
  if (chrome)
    suite('Storage, in Chrome', ['--config', 'vitest.browser.config.ts', 'src/storage'], browserEnv);
} else if (chrome) {
  suite('GPU tests, in Chrome', ['--config', 'vitest.browser.config.ts'], browserEnv);
} else {
  totals.failed += 1;
  console.log(
    '\nNo WebGPU adapter was found, so the GPU tests did not run. Install a Vulkan driver, or Chrome.',
  );
}
if (chrome) {
  suite('End-to-end tests in Chrome', ['--project', 'e2e'], browserEnv);
} else {
  totals.failed += 1;
  console.log('\nNo Chrome was found, so the end-to-end tests did not run.');
  console.log('Install Chrome or Chromium, or set CHROME_PATH to one, and run `npm test` again.');
}

console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;
