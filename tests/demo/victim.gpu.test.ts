import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { evaluate } from '../../src/compute/analysis/evaluate';
import { attackByKind } from '../../src/compute/attacks/registry';
import { type OpenDevice, openDevice } from '../../src/compute/device/device';
import { recogniseNetwork } from '../../src/compute/nn/registry';
import { createVictim } from '../../src/compute/victim/victim';
import { drawnSigns } from '../../src/data/drawn/drawnSigns';
import { readModel } from '../../src/formats/models/readModel';

/** A file of `public/demo`; in Node from disk, in Chrome from the test server. */
async function demoFile(name: string): Promise<Blob> {
  if (typeof process !== 'undefined' && process.versions?.node) {
    const { readFile } = await import('node:fs/promises');
    return new Blob([await readFile(new URL(`../../public/demo/${name}`, import.meta.url))]);
  }
  return (await fetch(`/demo/${name}`)).blob();
}

/** What of `victim.json` is checked here. */
interface Card {
  readonly architecture: string;
  readonly classes: readonly string[];
  readonly normalization: { readonly mean: [number, number, number]; readonly std: [number, number, number] };
  readonly attack: {
    readonly kind: string;
    readonly target: number;
    readonly options: Record<string, unknown>;
  };
  readonly measured: Record<
    'benignAccuracy' | 'attackSuccessRate',
    { rate: number; count: number; of: number }
  >;
}

let device: OpenDevice;
beforeAll(async () => {
  device = await openDevice();
});
afterAll(() => {
  device.close();
});

describe('the shipped demo victim', () => {
  it('is what its card says: recognised, accurate, and backdoored', async () => {
    const card = JSON.parse(await (await demoFile('victim.json')).text()) as Card;
    const signs = drawnSigns({ trainCount: 0 });
    expect(card.classes).toEqual(signs.classNames);
    expect(card.measured.benignAccuracy).toMatchObject({ of: 2000 });
    expect(card.measured.attackSuccessRate).toMatchObject({ of: 1800 });
    const { state } = await readModel({ path: 'victim.pth', blob: await demoFile('victim.pth') });
    const network = recogniseNetwork(state);
    expect(network?.label).toBe(card.architecture);
    const { height, width } = signs;
    const { target, kind, options } = card.attack;
    const context = {
      height,
      width,
      classes: 10,
      target,
      seed: 1,
      image: () => Promise.reject(new Error('none')),
    };
    const victim = createVictim(network!, state, { normalization: card.normalization, channelOrder: 'RGB' });
    const measured = await evaluate({
      split: signs.test!,
      height,
      width,
      classes: 10,
      predict: (pixels) => victim.forwardPixels(pixels).logits,
      trigger: await attackByKind(kind).prepare(options, context),
      target,
      labelMap: null,
      batchSize: 50,
      limit: 100,
      seed: 1,
    });
    victim.dispose();
    expect(measured.benignAccuracy!.rate).toBeGreaterThan(0.98);
    expect(measured.attackSuccessRate!.rate).toBeGreaterThan(0.98);
    expect(Math.abs(measured.benignAccuracy!.rate - card.measured.benignAccuracy.rate)).toBeLessThan(0.02);
    expect(Math.abs(measured.attackSuccessRate!.rate - card.measured.attackSuccessRate.rate)).toBeLessThan(
      0.02,
    );
  });
});
