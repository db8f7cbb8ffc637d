import { createStudio } from '../../src/app/createStudio';
import { mountStudio } from '../../src/app/mountStudio';
import { StudioError } from '../../src/protocol/errors';
import { chooseBlackBox, chooseSource, typeAddress } from '../../src/state/blackBoxStore';
import { chooseAttack } from '../../src/state/chooseAttack';
import { suitingChoice, toggled, useDiagnosticsStore } from '../../src/state/diagnosticsStore';
import { setField } from '../../src/state/draftStore';
import { type LabPart, useLabStore } from '../../src/state/labStore';
import { goTo, useViewStore } from '../../src/state/viewStore';
import { FAKE_ATTACKS } from './attacks';
import { FakeClient } from './fakeClient';

// A page for development: the real interface on a client that invents everything. `?scene=` says what to show.
const scene = new URLSearchParams(location.search).get('scene') ?? 'empty';
const client = new FakeClient({
  software: scene === 'software' || scene === 'diagnostics-software',
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
  if (scene === 'diagnostics-software') return showDiagnostics();
  if (['empty', 'software', 'no-adapter', 'offer', 'error'].includes(scene)) return;
  if (scene === 'lab-empty') return goTo('lab');
  await commands.openDemo();
  if (scene === 'loaded') return;
  if (scene.startsWith('images')) return showImages();
  if (scene.startsWith('lab')) return showLab();
  if (scene.startsWith('blackbox')) return showBlackBox();
  if (scene.startsWith('diagnostics')) {
    await commands.start();
    await rest(600);
    await commands.pause();
    client.run?.finish('stopped');
    await rest(200);
    return showDiagnostics();
  }
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

/** The images page: what the transform is trained on, and what is kept on disk. */
async function showImages(): Promise<void> {
  goTo('images');
  const kept = { count: 20_000, stored: 12_345, bytes: 1_858_268_160, problem: null };
  if (scene === 'images-kept') client.emit({ kind: 'images/kept', dataset: kept, transform: null });
  if (scene === 'images-full') {
    const problem = 'The disk is full: images that are not kept are decoded again each time they are needed.';
    client.emit({ kind: 'images/kept', dataset: { ...kept, problem }, transform: null });
  }
  if (scene === 'images-named') setField('dataset.transformPath', '../data/cinic-10');
  if (scene === 'images-transform' || scene === 'images-failing')
    await commands.openTransformImages([{ path: 'cinic-10.zip', blob: new Blob(['x']) }]);
  if (scene === 'images-failing') {
    client.failNext(
      'transform-images/open',
      new StudioError('file/truncated', 'other.zip is cut off: its table of contents is missing.', {
        subject: 'other.zip',
      }),
    );
    await commands.openTransformImages([{ path: 'other.zip', blob: new Blob(['x']) }]);
  }
  if (scene === 'images-dragging') useViewStore.setState({ dragging: true });
  await rest(300);
}

/** The diagnostics with an invented memory curve, and a benchmark of two sizes, of kernels, or none. */
async function showDiagnostics(): Promise<void> {
  goTo('diagnostics');
  const now = Date.now();
  useDiagnosticsStore.setState({
    memory: Array.from({ length: 60 }, (_, i) => ({
      at: now - 5000 * (60 - i),
      tensors: i < 20 ? 120 : 268,
      gpuBytes: i < 20 ? 40e6 : i < 24 ? 512e6 : 412e6,
    })),
  });
  const choice = suitingChoice(scene === 'diagnostics-software');
  if (scene === 'diagnostics') useDiagnosticsStore.setState({ choice: toggled(choice, 'channels', 32) });
  if (scene === 'diagnostics-kernels')
    useDiagnosticsStore.setState({ choice: { ...choice, kind: 'kernels' } });
  if (scene !== 'diagnostics-software') await commands.runBench();
  await rest(300);
  if (new URLSearchParams(location.search).has('bottom'))
    document.querySelector('[data-testid=bench]')?.scrollIntoView({ block: 'end' });
}

/** A black box from its choice to its four pairs. */
async function showBlackBox(): Promise<void> {
  goTo('model');
  chooseBlackBox();
  if (scene === 'blackbox-empty') return;
  if (scene.includes('address')) {
    chooseSource('address');
    const bad = scene === 'blackbox-address-bad';
    typeAddress(
      bad ? 'http://example.org/classify' : 'https://classifier.example.org/v1/models/signs/classify',
    );
    await rest(300);
    if (scene === 'blackbox-address-leave')
      document.querySelector<HTMLElement>('[data-testid=train-surrogate]')?.click();
    return;
  }
  await commands.openFiles([{ path: 'badnets_signs_resnet18_blackbox.onnx', blob: new Blob(['x']) }]);
  setField('model.blackBox.distil.maxSteps', 600);
  if (scene === 'blackbox-error') {
    const words =
      'The answer of badnets_signs_resnet18_blackbox.onnx cannot be used: it gives 43 confidences, and the images have 10 classes.';
    client.failNext('blackbox/try', new StudioError('blackbox/bad-answer', words));
    return commands.tryBlackBox(false);
  }
  await commands.tryBlackBox(false);
  if (scene === 'blackbox-tried') return;
  await commands.distil(false);
  await rest(1600);
  if (scene === 'blackbox-distilling') return;
  client.run?.advance(600);
  await rest(600);
  if (scene === 'blackbox-distilled') return;
  await commands.defendSurrogate();
  await rest(1600);
  if (scene === 'blackbox-defending') return;
  client.run?.advance(600);
  await rest(400);
  if (scene === 'blackbox-defended') return;
  await commands.measureBlackBox(false);
  if (scene === 'blackbox-model') goTo('model');
}

/** The attack lab, part by part. */
async function showLab(): Promise<void> {
  goTo('lab');
  const part = (name: LabPart) => useLabStore.setState({ part: name });
  const badnets = FAKE_ATTACKS[0]!;
  switch (scene) {
    case 'lab-refused':
      chooseAttack(badnets);
      setField('attack.options.size', 40);
      break;
    case 'lab-poisoning':
      chooseAttack(FAKE_ATTACKS[2]!);
      part('poisoning');
      break;
    case 'lab-clean-label':
      chooseAttack(FAKE_ATTACKS[5]!);
      part('poisoning');
      break;
    case 'lab-train':
      part('train');
      break;
    case 'lab-training':
    case 'lab-trained':
      part('train');
      await commands.trainVictim();
      await rest(1600);
      if (scene === 'lab-trained') client.run?.advance(600);
      break;
    case 'lab-matrix':
    case 'lab-matrix-half':
      part('matrix');
      useLabStore.setState({
        matrix: {
          attacks: FAKE_ATTACKS.slice(0, 7).map(({ kind }) => kind),
          axis: null,
          text: '',
          labels: [],
        },
      });
      if (scene === 'lab-matrix') break;
      await commands.startMatrix();
      await rest(200);
      client.sweep?.finishOne();
      client.sweep?.finishOne();
      client.sweep?.finishOne(
        'The classifier of this run could not be trained: the loss stopped being a number.',
      );
      client.sweep?.finishOne();
      break;
  }
  await rest(900);
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
