import { createStudio } from '../../src/app/createStudio';
import { mountStudio } from '../../src/app/mountStudio';
import { StudioError } from '../../src/protocol/errors';
import { FakeClient } from './fakeClient';

// A page for development: the real interface on a client that invents everything. `?scene=` says what to show.
const scene = new URLSearchParams(location.search).get('scene') ?? 'empty';
const client = new FakeClient({
  software: scene === 'software',
  stepsPerTick: Number(new URLSearchParams(location.search).get('pace') ?? 4),
  latencyMs: 20,
  ...(scene === 'no-adapter' ? { deviceError: 'gpu/no-adapter' as const } : {}),
  ...(scene === 'offer'
    ? {
        session: {
          model: 'badnets_signs_resnet18.pth',
          dataset: 'drawn signs',
          run: { id: 'run-earlier', name: 'demo signs', step: 412, totalSteps: 600, checkpoint: 400 },
          at: new Date(Date.now() - 180_000).toISOString(),
        },
      }
    : {}),
});
const studio = createStudio(client);
mountStudio(studio.commands);
await studio.open();
const { commands } = studio;
const rest = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function show(): Promise<void> {
  if (scene === 'error') {
    await commands.openFiles([{ path: 'cifar10.zip', blob: new Blob(['x']) }]);
    client.failNext(
      'model/open',
      new StudioError(
        'format/forbidden-opcode',
        'model.pth is not loaded: its pickle asks to run code (os.system).',
        {
          subject: 'model.pth',
          detail: 'opcode R at byte 81',
        },
      ),
    );
    await commands.openFiles([{ path: 'model.pth', blob: new Blob(['x']) }]);
  }
  if (['empty', 'software', 'no-adapter', 'offer', 'error'].includes(scene)) return;
  await commands.openDemo();
  if (scene === 'loaded') return;
  if (scene === 'lost') {
    await commands.start();
    await rest(800);
    client.emit({
      kind: 'device/lost',
      error: {
        code: 'gpu/device-lost',
        message: 'The graphics driver took the GPU away.',
        detail: null,
        subject: null,
      },
    });
    return;
  }
  await commands.start();
  await rest(1600);
  if (scene === 'running') return;
  if (scene === 'paused') return commands.pause();
  if (scene === 'failed') return client.run?.fail();
  client.run?.advance(600);
  await rest(300);
  await commands.runTsne({ points: 2000, perplexity: 30, iterations: 500 });
}

await show();
if (scene === 'compare') {
  const earlier = client.earlierRun();
  await commands.listRuns();
  await commands.chooseRun('run-1');
  await commands.chooseRun(earlier.id);
}
document.body.dataset['ready'] = 'true';
Object.assign(window, { fake: client, commands });
