import { StudioError } from '../../../protocol/errors';
import type { InputFile } from '../../input';
import { GraphBuilder } from '../graph/graphBuilder';
import type { ModelFormat } from '../modelFormat';
import type { ModelFile, StateTensor } from '../stateDict';
import { readHdf5, type Hdf5Reader } from './hdf5';
import { asObject, asText, parseJson } from './json';
import { addTopology } from './topology';
import { type NamedTensor, tensorsByName, type WeightSource } from './weightSource';

/** Above this wasm's memory cannot hold the file beside its tensors. */
const MAX_FILE_BYTES = 1.5 * 2 ** 30;

/** Keras' HDF5 files: what `model.save('x.h5')` writes, in Keras 2 and 3. */
export const kerasH5: ModelFormat = {
  id: 'keras-h5',
  label: 'Keras HDF5 (.h5)',
  matches: ({ kind }) => kind === 'hdf5',
  read: async (file) => {
    const bytes = await wholeFile(file);
    return readHdf5(bytes, file.path, (h5) => readModel(h5, file.path));
  },
};

/** All of a file's bytes. @throws StudioError `file/too-large`. */
export async function wholeFile(file: InputFile): Promise<Uint8Array> {
  if (file.blob.size > MAX_FILE_BYTES)
    throw new StudioError(
      'file/too-large',
      `${file.path} is larger than the HDF5 reader can hold (1.5 GB).`,
      {
        subject: file.path,
      },
    );
  return new Uint8Array(await file.blob.arrayBuffer());
}

function readModel(h5: Hdf5Reader, path: string): ModelFile {
  const builder = new GraphBuilder(path);
  const text = h5.text('/', 'model_config');
  if (text === null)
    throw builder.unsupported(
      h5.texts('/', 'layer_names') === null && h5.keys('layers') === null
        ? 'is an HDF5 file, but no Keras model'
        : "holds a Keras model's weights without its layers; save the whole model with model.save()",
    );
  const version = h5.text('/', 'keras_version') ?? h5.text('model_weights', 'keras_version') ?? '2';
  const model = parseJson(text);
  const source = new LegacyWeights(h5);
  const { name, output } = addTopology(builder, source, model, /^[3-9]/.test(version));
  const { graph, state } = builder.finish(name, output);
  return {
    format: 'keras-h5',
    state,
    opaque: [],
    metadata: { 'Keras version': version, Model: asText(asObject(model)?.['class_name']) ?? 'unknown' },
    graph,
  };
}

/** `model_weights/<layer>/<weight name>`, with the names in the order Keras saved them. */
class LegacyWeights implements WeightSource {
  private readonly read = new Map<string, readonly NamedTensor[]>();

  constructor(private readonly h5: Hdf5Reader) {}

  weightsOf(path: Parameters<WeightSource['weightsOf']>[0]): readonly StateTensor[] {
    const [outermost] = path;
    if (outermost === undefined) return [];
    const named = this.group(outermost.name);
    // The group of a layer is that layer's own: its tensors in order, whatever their names are.
    return path.length === 1 ? named.map(({ tensor }) => tensor) : tensorsByName(named, path);
  }

  private group(layer: string): readonly NamedTensor[] {
    const known = this.read.get(layer);
    if (known !== undefined) return known;
    const group = `model_weights/${layer}`;
    const names = this.h5.texts(group, 'weight_names') ?? [];
    const tensors = names.flatMap((name) => {
      const tensor = this.h5.tensor(`${group}/${name}`);
      return tensor === null ? [] : [{ name, tensor }];
    });
    this.read.set(layer, tensors);
    return tensors;
  }
}
