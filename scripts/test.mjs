// `npm test`: types, lint, format, then unit, GPU and end-to-end tests, with one line of totals at the end.
// GPU tests run on Dawn in Node where it finds an adapter, else in Chrome (SwiftShader where there is no GPU).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ensureChrome, nodeAdapter } from './browser.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const totals = { passed: 0, failed: 0, skipped: 0 };
/** What failed, said again at the end: the totals alone send a reader up through thousands of lines. */
const failures = [];

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
  else fail(title, 'see above');
}

function fail(title, why) {
  totals.failed += 1;
  failures.push(`${title}: ${why}`);
}

/** Notes each failed test, and each file that failed outside its tests, with the first lines of what it said. */
function noteFailures(title, testResults) {
  for (const { name, status, message, assertionResults } of testResults) {
    const file = relative(root, name);
    const failed = assertionResults.filter((result) => result.status === 'failed');
    for (const { fullName, failureMessages } of failed) {
      failures.push(`${title}: ${file} > ${fullName}\n${excerpt(failureMessages.join('\n'))}`);
    }
    if (status === 'failed' && failed.length === 0)
      failures.push(`${title}: ${file}\n${excerpt(message ?? '')}`);
  }
}

function excerpt(message) {
  return message
    .split('\n')
    .slice(0, 12)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join('\n');
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
    fail(title, 'vitest wrote no report');
    return;
  }
  const {
    numPassedTests,
    numFailedTests,
    numPendingTests,
    numTodoTests = 0,
    testResults,
  } = JSON.parse(readFileSync(report, 'utf8'));
  totals.passed += numPassedTests;
  totals.failed += numFailedTests;
  noteFailures(title, testResults);
  totals.skipped += numPendingTests + numTodoTests;
  // A suite that fails to load, or an unhandled error, has no failed test of its own.
  if (!fine && numFailedTests === 0) fail(title, 'an error outside its tests, see above');
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
  fail('GPU tests', 'no WebGPU adapter was found. Install a Vulkan driver, or Chrome.');
}
if (chrome) {
  suite('End-to-end tests in Chrome', ['--project', 'e2e'], browserEnv);
} else {
  fail(
    'End-to-end tests',
    'no Chrome was found. Install Chrome or Chromium, or set CHROME_PATH to one, and run `npm test` again.',
  );
}

if (failures.length > 0) console.log(`\n── Failed\n${failures.join('\n')}`);
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;
