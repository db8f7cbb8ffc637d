import type { InputFile } from '../../input';
import type { ModelFormat } from '../modelFormat';
import type { ModelFile, StateTensor } from '../stateDict';
import { readOnnx } from './readOnnx';

/** Files that came with the model, where its weights are stored outside, are looked for in `beside`. */
async function read(file: InputFile, beside: readonly InputFile[] = []): Promise<ModelFile> {
  const graph = await readOnnx(file, beside);
  const state = new Map(
    Array.from(graph.constants, ([name, { kind, shape, data }]): [string, StateTensor] => [
      name,
      { dtype: kind === 'float' ? 'float32' : kind === 'int' ? 'int64' : 'bool', shape, data },
    ]),
  );
  const metadata: Record<string, string> = { opset: String(graph.opset) };
  if (graph.producer !== '') metadata['producer'] = graph.producer;
  return { format: 'onnx', state, opaque: [], metadata, onnx: graph };
}

/** ONNX: a graph of operators with its weights. */
export const onnx: ModelFormat = {
  id: 'onnx',
  label: 'ONNX (.onnx)',
  matches: ({ kind }) => kind === 'onnx',
  read,
};
