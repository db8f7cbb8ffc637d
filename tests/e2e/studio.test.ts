import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unet } from '../../src/compute/nn/unet';
import { traceNetwork } from '../../src/compute/nn/trace';
import { readLabelMap } from '../../src/formats/exports/labelShuffle';
import { readModel } from '../../src/formats/models/readModel';
import { signsZip, victimFile, type FilePayload } from './drawnFiles';
import { openStudio, type StudioPage, type StudioServer } from './studioPage';

/** Enough that the run is still going when it is told to pause. */
const STEPS = 30;
const CHANNELS = 2;
/** For what the GPU has to compute: SwiftShader on a busy machine, shaders compiled first. */
const PATIENCE = 180_000;

/** As small as a run can be and still go through everything: SwiftShader computes it. */
const experiment = {
  version: 1,
  name: 'e2e',
  seed: 666,
  model: { path: 'victim.pth' },
  dataset: { path: 'signs.zip' },
  attack: { kind: 'badnets', target: 0 },
  defense: {
    kind: 'refine',
    recipe: 'paper',
    firstChannels: CHANNELS,
    batchSize: 8,
    maxSteps: STEPS,
    optimizer: { kind: 'adam', learningRate: 0.01 },
    schedule: { kind: 'constant' },
  },
  evaluate: { everyEpochs: 0, logEverySteps: 1 },
};

const json = (name: string, value: unknown): FilePayload => ({
  name,
  mimeType: 'application/json',
  buffer: Buffer.from(JSON.stringify(value)),
});

const by = (page: Page, id: string) => page.getByTestId(id);
const goTo = (page: Page, step: string) => by(page, `step-${step}`).click();
const drop = (page: Page, files: readonly FilePayload[]) =>
  by(page, 'file-input')
    .first()
    .setInputFiles([...files]);

/** Waits until the rail says so of its steps: what was dropped is in place, and the page has gone where it goes. */
async function railSays(page: Page, lines: Readonly<Record<string, string>>): Promise<void> {
  for (const [step, text] of Object.entries(lines)) {
    await by(page, `step-${step}`).filter({ hasText: text }).waitFor();
  }
  await page.waitForTimeout(500);
}

async function phaseIs(page: Page, phase: string): Promise<void> {
  await page.locator(`[data-testid="run-phase"][data-phase="${phase}"]`).waitFor({ timeout: PATIENCE });
}

async function stepNumber(page: Page): Promise<number> {
  return Number(await by(page, 'progress-step').first().getAttribute('data-step'));
}

async function exported(page: Page, kind: string): Promise<Uint8Array<ArrayBuffer>> {
  const [download] = await Promise.all([page.waitForEvent('download'), by(page, `export-${kind}`).click()]);
  expect(download.suggestedFilename()).toBe(kind);
  return Uint8Array.from(await readFile(await download.path()));
}

const asFile = (path: string, bytes: Uint8Array<ArrayBuffer>) => ({ path, blob: new Blob([bytes]) });

describe('the studio in Chrome', () => {
  let studio: StudioServer;
  let victim: FilePayload;
  let signs: FilePayload;
  beforeAll(async () => {
    [studio, victim, signs] = await Promise.all([openStudio(), victimFile(), signsZip(48, 120)]);
  });
  afterAll(() => studio.close());

  async function opened(): Promise<StudioPage> {
    const fresh = await studio.newPage();
    await fresh.page.goto(studio.url);
    await fresh.page.locator('[data-testid="device-chip"]').filter({ hasText: /\S/ }).waitFor();
    return fresh;
  }

  it('takes a model, images and an experiment, trains, pauses, resumes, shows, exports and re-imports', async () => {
    const { page, complaints, context } = await opened();
    await drop(page, [signs, json('experiment.json', experiment), victim]);
    await railSays(page, { model: 'ResNet-18', images: '48 + 120', trigger: 'BadNets' });
    await goTo(page, 'model');
    await by(page, 'model-card').filter({ hasText: 'ResNet-18' }).waitFor();
    await goTo(page, 'images');
    await by(page, 'dataset-card').filter({ hasText: '120' }).waitFor();

    // The map: two entries change places, and it stays a permutation.
    await goTo(page, 'remap');
    const array = async () => JSON.parse(await by(page, 'remap-array').innerText()) as number[];
    await by(page, 'remap-array').filter({ hasText: /\d/ }).waitFor();
    const drawn = await array();
    await by(page, 'remap-swap-a').selectOption({ index: 1 });
    await by(page, 'remap-swap-b').selectOption({ index: 4 });
    await by(page, 'remap-swap').click();
    const edited = await array();
    expect(edited[1]).toBe(drawn[4]);
    expect(edited[4]).toBe(drawn[1]);
    expect([...edited].sort((a, b) => a - b)).toEqual(drawn.map((_, i) => i));

    // Train; pause between two steps; one single step; go on to the end.
    await goTo(page, 'train');
    await by(page, 'start').click();
    await page.waitForFunction(
      () => Number(document.querySelector('[data-testid="progress-step"]')?.getAttribute('data-step')) >= 2,
      undefined,
      { timeout: PATIENCE },
    );
    await by(page, 'pause').click();
    await phaseIs(page, 'paused');
    const pausedAt = await stepNumber(page);
    expect(pausedAt).toBeLessThan(STEPS);
    await by(page, 'step').click();
    await page
      .locator(`[data-testid="progress-step"][data-step="${pausedAt + 1}"]`)
      .first()
      .waitFor();
    await phaseIs(page, 'paused');
    await by(page, 'resume').click();
    await phaseIs(page, 'done');
    expect(await stepNumber(page)).toBe(STEPS);

    // What the person sees: curves, rates with counts, the grid.
    await by(page, 'loss-chart').locator('path.recharts-curve').first().waitFor();
    expect(await by(page, 'kpi-ba').first().innerText()).toMatch(/of 120/);
    expect(await by(page, 'kpi-asr').first().innerText()).toMatch(/of 108/);
    const rates = await rateValues(page);
    await goTo(page, 'inspect');
    expect(await by(page, 'sample-grid').first().locator('canvas, img').count()).toBeGreaterThanOrEqual(20);
    await by(page, 'tsne-points').selectOption('250');
    await by(page, 'tsne-run').click();
    await by(page, 'tsne-after').waitFor({ timeout: PATIENCE });
    expect(await inkOf(page, 'tsne-before')).toBeGreaterThan(200);
    expect(await inkOf(page, 'tsne-after')).toBeGreaterThan(200);

    // What the person takes home is what was trained.
    await goTo(page, 'export');
    const expectedKeys = traceNetwork(unet(CHANNELS)).tensors.map((tensor) => tensor.name);
    const pth = await readModel(asFile('transform.pth', await exported(page, 'transform.pth')));
    const safe = await readModel(
      asFile('transform.safetensors', await exported(page, 'transform.safetensors')),
    );
    expect([...pth.state.keys()]).toEqual(expectedKeys);
    for (const key of expectedKeys) expect(pth.state.get(key)?.data).toEqual(safe.state.get(key)?.data);
    expect(await readLabelMap(asFile('label_map.json', await exported(page, 'label_map.json')))).toEqual(
      edited,
    );
    expect(
      await readLabelMap(asFile('label_shuffle.pth', await exported(page, 'label_shuffle.pth'))),
    ).toEqual(edited);
    const csv = new TextDecoder()
      .decode(await exported(page, 'metrics.csv'))
      .trim()
      .split('\n');
    expect(csv[0]).toBe('step,epoch,loss,classification_loss,supcon_loss,learning_rate,step_seconds');
    expect(csv).toHaveLength(STEPS + 1);
    const results = JSON.parse(new TextDecoder().decode(await exported(page, 'results.json')));
    expect(results.after.attackSuccessRate.of).toBe(108);
    // The command line finds the same files by the names that the page wrote.
    const rerun = JSON.parse(new TextDecoder().decode(await exported(page, 'experiment.json')));
    expect(rerun).toMatchObject({ model: { path: 'victim.pth' }, dataset: { path: 'signs.zip' } });
    const bundle = Buffer.from(await exported(page, 'bundle.zip'));
    expect(complaints).toEqual([]);

    // A reload offers everything back.
    await page.reload();
    await by(page, 'restore').click();
    await railSays(page, { model: 'ResNet-18', images: '48 + 120', compare: '1 stored run' });
    await goTo(page, 'model');
    await by(page, 'model-card').filter({ hasText: 'ResNet-18' }).waitFor();
    await goTo(page, 'train');
    await by(page, 'loss-chart').locator('path.recharts-curve').first().waitFor();
    await context.close();

    // The bundle, dropped on a page that knows nothing, restores the defended model: same rates, same weights.
    const second = await opened();
    await drop(second.page, [
      victim,
      signs,
      { name: 'bundle.zip', mimeType: 'application/zip', buffer: bundle },
    ]);
    await goTo(second.page, 'train');
    await phaseIs(second.page, 'restored');
    await by(second.page, 'measure-after').first().click();
    await second.page
      .locator('[data-testid="kpi-ba"]')
      .filter({ hasText: 'of 120' })
      .first()
      .waitFor({ timeout: PATIENCE });
    expect((await rateValues(second.page)).asr).toBeCloseTo(rates.asr, 10);
    await goTo(second.page, 'export');
    const again = await readModel(asFile('transform.pth', await exported(second.page, 'transform.pth')));
    for (const key of expectedKeys) expect(again.state.get(key)?.data).toEqual(pth.state.get(key)?.data);
    expect(second.complaints).toEqual([]);
    await second.context.close();
  });

  it('names what is wrong with a bad file and loses nothing', async () => {
    const { page, complaints, context } = await opened();
    await drop(page, [victim]);
    await railSays(page, { model: 'ResNet-18' });
    await goTo(page, 'model');
    await by(page, 'model-card').filter({ hasText: 'ResNet-18' }).waitFor();
    const bad: readonly (readonly [FilePayload, RegExp])[] = [
      [
        {
          name: 'model.pth',
          mimeType: 'text/html',
          buffer: Buffer.from('<!doctype html><html><body>404 Not Found'),
        },
        /model\.pth.*HTML/s,
      ],
      [
        {
          name: 'weights.pth',
          mimeType: 'text/plain',
          buffer: Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
        },
        /weights\.pth.*LFS/s,
      ],
      [
        { name: 'empty.pth', mimeType: 'application/octet-stream', buffer: Buffer.alloc(0) },
        /empty\.pth.*empty/is,
      ],
      [
        { ...victim, name: 'half.pth', buffer: victim.buffer.subarray(0, victim.buffer.length >> 1) },
        /half\.pth.*(cut|truncated|end)/s,
      ],
      [
        {
          name: 'evil.pth',
          mimeType: 'application/octet-stream',
          buffer: Buffer.from('\x80\x02cposix\nsystem\nU\x04echo\x85R.', 'latin1'),
        },
        /evil\.pth.*system/s,
      ],
      [json('label_map.json', [1, 2, 0]), /label_map\.json|10/],
      [json('experiment.json', { ...experiment, colour: 'blue' }), /colour/],
    ];
    for (const [file, says] of bad) {
      await drop(page, [file]);
      const notice = by(page, 'notice').filter({ hasText: says });
      await notice.first().waitFor({ timeout: 30_000 });
      expect((await notice.first().innerText()).length, file.name).toBeLessThan(400);
    }
    await goTo(page, 'model');
    await by(page, 'model-card').filter({ hasText: 'ResNet-18' }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('makes a backdoored victim in the attack lab and takes it as the model', async () => {
    const { page, complaints, context } = await studio.newPage();
    await page.goto(`${studio.url}?demo`);
    await railSays(page, { model: 'ResNet-18', images: '6,000', trigger: 'BadNets' });
    await goTo(page, 'lab');
    await by(page, 'attack-wanet').locator('canvas').nth(8).waitFor();
    await by(page, 'attack-blended').locator('input').check();
    await by(page, 'attack-badnets').locator('input').check();
    await by(page, 'attack-custom')
      .filter({ hasText: /picture/ })
      .waitFor();

    // Which images: counted before anything is trained.
    await page.getByText('Poisoned images', { exact: true }).first().click();
    await by(page, 'poisoning').filter({ hasText: 'of 6,000' }).first().waitFor();

    await page.getByText('Train a victim', { exact: true }).click();
    for (const [label, value] of [
      ['Width', '2'],
      ['Batch', '8'],
      ['At most', '6'],
      ['Test images used', '40'],
    ] as const) {
      await page.getByLabel(label, { exact: true }).fill(value);
    }
    await by(page, 'train-victim').click();
    await page.locator('[data-testid="victim-phase"][data-phase="done"]').waitFor({ timeout: PATIENCE });
    expect(await by(page, 'victim-ba').innerText()).toMatch(/of 40/);
    await by(page, 'victim-loss').locator('path.recharts-curve').first().waitFor();
    const pth = await readModel(asFile('victim.pth', await exported(page, 'victim.pth')));
    expect(pth.state.get('conv1.weight')?.shape).toEqual([2, 3, 3, 3]);

    await by(page, 'adopt-victim').click();
    await by(page, 'model-card').filter({ hasText: '-victim.pth' }).filter({ hasText: 'width 2' }).waitFor();
    await goTo(page, 'train');
    expect(await by(page, 'start').isEnabled()).toBe(true);
    await goTo(page, 'compare');
    await page.getByText('classifier', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('opens the demo at ?demo with no files at all', async () => {
    const { page, complaints, context } = await studio.newPage();
    await page.goto(`${studio.url}?demo`);
    await railSays(page, { model: 'ResNet-18', images: '6,000', trigger: 'BadNets' });
    await goTo(page, 'model');
    await by(page, 'model-card').filter({ hasText: 'ResNet-18' }).waitFor();
    await goTo(page, 'images');
    await by(page, 'dataset-card').filter({ hasText: '6,000' }).waitFor();
    await goTo(page, 'train');
    expect(await by(page, 'start').isEnabled()).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

/** The rates on screen, unrounded. */
async function rateValues(page: Page): Promise<{ ba: number; asr: number }> {
  const value = async (id: string) => Number(await by(page, id).first().getAttribute('data-rate'));
  return { ba: await value('kpi-ba'), asr: await value('kpi-asr') };
}

/** How many pixels of a scatter's canvas are drawn on. */
function inkOf(page: Page, id: string): Promise<number> {
  return by(page, id).evaluate((canvas) => {
    const element = canvas as HTMLCanvasElement;
    const { data } = element.getContext('2d')!.getImageData(0, 0, element.width, element.height);
    let ink = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) ink++;
    return ink;
  });
}
