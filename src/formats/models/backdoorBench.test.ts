import { expect, it } from 'vitest';
import { fixtureFile } from '../../../tests/setup/inputFile';
import { readModel } from './readModel';

it("BackdoorBench's attack_result.pt: the model, what it says of itself, and its data set's class as opaque", async () => {
  const { state, metadata, opaque } = await readModel(await fixtureFile('formats/attack_result.pt'));
  expect([...state.keys()]).toEqual(['conv1.weight', 'linear.weight', 'linear.bias']);
  expect(metadata).toMatchObject({
    model_name: 'preactresnet18',
    num_classes: '10',
    img_size: '32 × 32 × 3',
    clean_data: 'cifar10',
  });
  expect(opaque).toContain('utils.bd_dataset_v2.prepro_cls_DatasetBD_v2');
});
