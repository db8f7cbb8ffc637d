import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readArchitectures } from '../../../tests/setup/architectures';
import { writePth } from '../../formats/exports/pthWriter';
import { openDevice, type OpenDevice } from '../device/device';
import { recogniseNetwork } from './registry';
import { buildTrainable } from './trainable';

// What the studio exports of a network it trains, loaded by the official classes with strict=True. Runs where PYTHON names
// an interpreter that has PyTorch and torchvision.
const python = typeof process === 'undefined' ? undefined : process.env['PYTHON'];

describe.skipIf(python === undefined || python === '')('exported weights in PyTorch', () => {
  let device: OpenDevice;
  beforeAll(async () => {
    device = await openDevice();
  });
  afterAll(() => device.close());

  it('fill every class strictly and give its logits', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const { tmpdir } = await import('node:os');
    const { spawnSync } = await import('node:child_process');
    const { fileURLToPath } = await import('node:url');
    const folder = await mkdtemp(`${tmpdir()}/states-`);
    const fixtures = await readArchitectures();
    for (const [name, { state }] of fixtures) {
      const network = buildTrainable(recogniseNetwork(state)!, { state });
      await writeFile(`${folder}/${name}.pth`, writePth(await network.stateDict()));
      network.dispose();
    }
    const script = fileURLToPath(
      new URL('../../../tests/fixtures/nn/make_architectures.py', import.meta.url),
    );
    const checked = spawnSync(python!, ['-B', script, '--check', folder], { encoding: 'utf8' });
    await rm(folder, { recursive: true });
    expect(checked.stderr).toBe('');
    expect(checked.stdout.trim().split('\n')).toEqual([...fixtures.keys()].map((name) => `${name} strict`));
  });
});
