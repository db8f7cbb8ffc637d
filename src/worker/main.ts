import { StudioError, toWireError } from '../protocol/errors';
import { openBrowserStore } from '../storage/browserStore';
import { DecodedStores } from '../storage/decodedStores';
import { openOpfsRandomFiles } from '../storage/opfsRandomFiles';
import { DEMO_VICTIM_PATH } from '../data/drawn/demoExperiment';
import { openInWorker } from './blackbox/spawn';
import { createEngine } from './engine/engine';
import { serve, type RpcServer, type ServerPort } from './rpc';
import { createEventThrottle } from './throttle';

/** The worker's entry: the engine behind the protocol, its run events paced for the page. */
async function main(): Promise<void> {
  const store = await openBrowserStore();
  const files = await openOpfsRandomFiles('refine-studio-decoded');
  const throttle = createEventThrottle((event) => server.emit(event));
  const engine = createEngine({
    store,
    emit: (event) => throttle.push(event),
    decoded: files && new DecodedStores(files),
    decodeAhead: true,
    fetchDemo,
    openOnnx: openInWorker,
  });
  const server: RpcServer = serve(self as unknown as ServerPort, engine.handlers);
  self.addEventListener('unhandledrejection', (event) => {
    server.emit({ kind: 'device/error', error: toWireError(event.reason) });
  });
  server.emit({ kind: 'ready' });
  if (store.notice) server.emit({ kind: 'device/error', error: toWireError(store.notice) });
}

/** Same origin, under the address the page was built for. */
async function fetchDemo(): Promise<Blob> {
  const base = import.meta.env.BASE_URL;
  // With a relative base the built worker lies one folder below the page.
  const root = base.startsWith('.')
    ? new URL('../', self.location.href)
    : new URL(base, self.location.origin);
  const response = await fetch(new URL(DEMO_VICTIM_PATH, root));
  if (!response.ok) {
    throw new StudioError('file/missing', `The demo's model could not be fetched (${response.status}).`, {
      subject: DEMO_VICTIM_PATH,
    });
  }
  return response.blob();
}

await main();
