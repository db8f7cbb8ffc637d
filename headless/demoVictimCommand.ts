import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEngineDevice } from '../src/worker/engine/engineDevice';
import { installDawn } from './dawn';
import { trainDemoVictim } from './demoVictim';
import { PROJECT_ROOT } from './studio';

/** `headless demo-victim [--out DIR]`: trains anew the backdoored classifier that the demo ships. */
export async function demoVictim(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { out: { type: 'string' } } });
  const log = (line: string) => console.log(line);
  const stop = (error: Error) => {
    throw error;
  };
  const device = await openEngineDevice(await installDawn(), { onLost: stop, onError: stop });
  try {
    const card = await trainDemoVictim({
      device: device.open,
      out: values.out ?? join(PROJECT_ROOT, 'public', 'demo'),
      command: 'npm run headless -- demo-victim',
      log,
    });
    console.log(JSON.stringify(card.measured, null, 2));
  } finally {
    device.close();
  }
}
