import { asStudioError, isInputError, StudioError } from '../src/protocol/errors';
import { bench } from './bench/command';
import { demo } from './demo';
import { demoVictim } from './demoVictimCommand';
import { inspect } from './inspect';
import { run } from './run';
import { schema } from './schema';

const COMMANDS: Readonly<
  Record<string, { readonly usage: string; readonly main: (args: string[]) => Promise<void> }>
> = {
  run: { usage: 'run FILE --out DIR [--steps N] [--resume] [--allow-network]', main: run },
  inspect: { usage: 'inspect FILE', main: inspect },
  bench: {
    usage:
      'bench [--sweep | --steady N | --kernels-only] [--channels 8] [--width 8] [--batch 32] [--steps 5] [--jax] [--chrome] [--markdown]',
    main: bench,
  },
  demo: { usage: 'demo [--steps N] [--out DIR]', main: demo },
  'demo-victim': { usage: 'demo-victim --out DIR', main: demoVictim },
  schema: { usage: 'schema', main: schema },
};

const usage = [
  'Usage: npm run headless -- COMMAND',
  ...Object.values(COMMANDS).map(({ usage }) => `  ${usage}`),
].join('\n');

async function main(): Promise<number> {
  const [name = '', ...args] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (!command) {
    console.error(usage);
    return name === '' || name === '--help' || name === 'help' ? 0 : 2;
  }
  try {
    await command.main(args);
    return 0;
  } catch (thrown) {
    const error = asStudioError(thrown);
    console.error(
      error.subject && !error.message.includes(error.subject)
        ? `${error.subject}: ${error.message}`
        : error.message,
    );
    if (error.code === 'internal' && thrown instanceof Error) console.error(thrown.stack);
    else if (error.detail && error.detail !== error.message && !isInputError(error.code))
      console.error(`  (${error.detail})`);
    return isInputError(error.code) || isUsageError(thrown) ? 2 : 1;
  }
}

/** What `parseArgs` throws for an option that it does not know. */
function isUsageError(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  return code.startsWith('ERR_PARSE_ARGS') && !(thrown instanceof StudioError);
}

// Dawn keeps Node's event loop alive, so the process is ended by hand, once what was printed is written.
const status = await main();
process.stdout.write('', () => process.exit(status));
