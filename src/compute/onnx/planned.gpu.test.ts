import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../tests/setup/ownKernels';
import { readFixture } from '../../../tests/setup/fixture';
import { inputFile } from '../../../tests/setup/inputFile';
import { numbersOf, runTo, smallContext } from '../../../tests/setup/smallRefine';
import { readOnnx } from '../../formats/models/onnx/readOnnx';
import { RefineTrainer, type RefineTrainingContext } from '../refine/trainer';
import { tf } from '../tf';
import { victimOf, type Victim } from '../victim/victim';
import { compileOnnx } from './compileOnnx';

// A REFINE step with an ONNX classifier in it is laid out once and replayed, like one with a network of ours.

const NAMES = [
  'resnet_11', 'vgg_bn_13', 'mobilenet_14', 'mobilenet_10', 'densenet_9', 'vit_17', 'vit_fixed_12', 'odd_16', 'attention_fixed_15',
]; // prettier-ignore

const gpu = ownKernels();

async function victimFrom(name: string): Promise<Victim> {
  const file = inputFile(`${name}.onnx`, await readFixture(`onnx/${name}.onnx`));
  return victimOf(compileOnnx(await readOnnx(file), file.path).build(), {
    normalization: { mean: [0.5, 0.45, 0.4], std: [0.2, 0.25, 0.3] },
    channelOrder: 'RGB',
  });
}

function contextOf(victim: Victim, planning: boolean): RefineTrainingContext {
  return { ...smallContext(victim), labelMap: [1, 2, 3, 4, 5, 6, 0], planning };
}

describe.each(NAMES)('REFINE on %s', (name) => {
  it('is planned, and gives the numbers of an unplanned training bit for bit', async () => {
    const before = tf.memory().numTensors;
    // Each its own, so that neither finds the other's weights on the device.
    const [first, second] = [await victimFrom(name), await victimFrom(name)];
    const unplanned = new RefineTrainer(contextOf(first, false));
    const expected = numbersOf(await runTo(unplanned));
    const planned = new RefineTrainer(contextOf(second, true));
    const rows = numbersOf(await runTo(planned));
    expect(planned.planning).toMatchObject({ kind: 'planned' });
    expect(rows).toHaveLength(6);
    expect(rows).toEqual(expected);
    expect(new Set(rows.map(({ loss }) => loss)).size).toBe(6);
    expect(await planned.checkpoint()).toEqual(await unplanned.checkpoint());
    expect(gpu.problems).toEqual([]);
    for (const each of [unplanned, planned, first, second]) each.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
