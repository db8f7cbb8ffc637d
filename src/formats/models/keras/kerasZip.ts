import type { InputFile } from '../../input';
import { openZip } from '../../zipEntries';
import { GraphBuilder } from '../graph/graphBuilder';
import type { ModelFormat } from '../modelFormat';
import type { ModelFile, StateTensor } from '../stateDict';
import { readHdf5, type Hdf5Reader } from './hdf5';
import { asObject, asText, parseJson } from './json';
import { addTopology } from './topology';
import { type LayerPlace, snakeCase, type WeightSource } from './weightSource';

const WEIGHTS = 'model.weights.h5';
const CONFIG = 'config.json';
/** A description of a network; the longest published ones are some megabytes. */
const MAX_CONFIG_BYTES = 64 * 2 ** 20;

/** Keras 3's own format (and Keras 2.12's first form of it): a zip of `config.json`, `metadata.json`, `model.weights.h5`. */
export const kerasZip: ModelFormat = {
  id: 'keras',
  label: 'Keras (.keras)',
  matches: ({ kind }) => kind === 'keras-zip',
  read: readKerasZip,
};

async function readKerasZip(file: InputFile): Promise<ModelFile> {
  const builder = new GraphBuilder(file.path);
  const zip = await openZip(file);
  if ((zip.sizeOf(CONFIG) ?? 0) > MAX_CONFIG_BYTES)
    throw builder.malformed('has a config.json of absurd size');
  const decoder = new TextDecoder();
  const model = parseJson(decoder.decode(await zip.read(CONFIG)));
  const metadata =
    zip.sizeOf('metadata.json') === null
      ? null
      : asObject(parseJson(decoder.decode(await zip.read('metadata.json'))));
  const version = asText(metadata?.['keras_version']) ?? '3';
  const weights = await zip.read(WEIGHTS);
  return readHdf5(weights, file.path, (h5) => {
    const { name, output } = addTopology(builder, new VariableGroups(h5), model, /^[3-9]/.test(version));
    const { graph, state } = builder.finish(name, output);
    const saved = asText(metadata?.['date_saved']);
    return {
      format: 'keras',
      state,
      opaque: [],
      metadata: {
        'Keras version': version,
        Model: asText(asObject(model)?.['class_name']) ?? 'unknown',
        ...(saved === null ? {} : { Saved: saved }),
      },
      graph,
    };
  });
}

/**
 * `layers/<layer>/vars/0`, `1`, ...: a layer is named after its class, numbered among its siblings of that class, or (in some
 * versions) by its own name; nested models have `layers` of their own.
 */
class VariableGroups implements WeightSource {
  constructor(private readonly h5: Hdf5Reader) {}

  weightsOf(path: readonly LayerPlace[]): readonly StateTensor[] {
    let group = '';
    for (const place of path) {
      const inside = this.layersOf(group);
      const keys = this.h5.keys(inside);
      if (keys === null) return [];
      group = `${inside}/${groupName(place, new Set(keys))}`;
    }
    const tensors: StateTensor[] = [];
    for (let i = 0; ; i++) {
      const tensor = this.h5.keys(`${group}/vars`)?.includes(String(i))
        ? this.h5.tensor(`${group}/vars/${i}`)
        : null;
      if (tensor === null) return tensors;
      tensors.push(tensor);
    }
  }

  private layersOf(group: string): string {
    const start = group === '' ? '' : `${group}/`;
    const usual = `${start}layers`;
    const older = `${start}_layer_checkpoint_dependencies`;
    return this.h5.keys(usual) === null && this.h5.keys(older) !== null ? older : usual;
  }
}

/** By class where the groups are named so, by the layer's own name where one of them bears a name that no class gives. */
function groupName(place: LayerPlace, keys: ReadonlySet<string>): string {
  const seen = new Map<string, number>();
  const byClass = new Map<string, string>();
  for (const { name, className } of place.siblings) {
    const base = snakeCase(className);
    const before = seen.get(base) ?? 0;
    seen.set(base, before + 1);
    byClass.set(name, before === 0 ? base : `${base}_${before}`);
  }
  const classNames = new Set(byClass.values());
  const named = place.siblings.some(({ name }) => keys.has(name) && !classNames.has(name));
  return named ? place.name : (byClass.get(place.name) ?? place.name);
}
