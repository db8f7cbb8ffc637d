// `npm run headless -- ARGS` and `npm run demo -- ARGS`: builds the command line when a source is newer than it, then runs it.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import process from 'node:process';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bundle = join(root, '.cache', 'headless', 'main.mjs');

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  let latest = 0;
  for (const name of readdirSync(path)) latest = Math.max(latest, newest(join(path, name)));
  return latest;
}

const sources = ['src', 'headless', 'vite.headless.config.ts', 'vite.shared.ts', 'package.json'].map((name) =>
  join(root, name),
);
if (!existsSync(bundle) || Math.max(...sources.map(newest)) > statSync(bundle).mtimeMs) {
  const { build } = await import('vite');
  await build({ root, configFile: join(root, 'vite.headless.config.ts'), logLevel: 'warn' });
}
process.env.REFINE_STUDIO_ROOT = root;
await import(pathToFileURL(bundle).href);
