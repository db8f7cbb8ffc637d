import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  ADAM_ONE_CYCLE,
  numbersOf,
  runTo,
  smallContext,
  smallVictim,
} from '../../../tests/setup/smallRefine';
import type { RefineSettings } from '../../protocol/experiment';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels, type InstalledKernels } from '../kernels/install';
import type { Victim } from '../victim/victim';
import { RefineTrainer, type RefineTrainingContext } from './trainer';

let open: OpenDevice;
let installed: InstalledKernels;
let victim: Victim;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
  installed = installKernels(open.backend);
  victim = smallVictim();
});
beforeEach(() => {
  problems.length = 0;
});
afterAll(() => {
  victim.dispose();
  installed.uninstall();
  open.close();
});

const RUNS: readonly (readonly [string, Partial<RefineSettings>])[] = [
  ['official recipe, SGD, labels found each step', {}],
  ['paper recipe, Adam, one cycle, labels kept', ADAM_ONE_CYCLE],
];

const contextOf = (part: Partial<RefineSettings>, planning = true): RefineTrainingContext => ({
  ...smallContext(victim, part),
  planning,
});

describe('a planned training', () => {
  it.each(RUNS)('gives the numbers of an unplanned one, bit for bit: %s', async (_name, settings) => {
    const unplanned = new RefineTrainer(contextOf(settings, false));
    const expected = numbersOf(await runTo(unplanned));
    expect(unplanned.planning).toEqual({ kind: 'unplanned', reason: 'planning is switched off' });
    const planned = new RefineTrainer(contextOf(settings));
    const rows = numbersOf(await runTo(planned));
    expect(problems).toEqual([]);
    expect(planned.planning).toMatchObject({ kind: 'planned' });
    expect(rows.length).toBeGreaterThanOrEqual(6);
    expect(rows).toEqual(expected);
    expect(await planned.checkpoint()).toEqual(await unplanned.checkpoint());
    planned.dispose();
    unplanned.dispose();
  });
});
