import { StudioError } from '../../protocol/errors';
import type { InputFile } from '../input';
import { foreignError, sniff } from '../sniff';
import { MODEL_FORMATS } from './registry';
import type { ModelFile } from './stateDict';

/** What `foreignError` says was wanted. */
const WANTED = 'a PyTorch, safetensors, ONNX, Keras or TensorFlow.js model';

/**
 * Reads a model file of any registered format, chosen by content. Whatever the bytes are, a failure is a
 * `StudioError` with one sentence that names the file; nothing in the file is ever executed.
 * @param beside files that came with it, for weights that are stored outside.
 */
export async function readModel(file: InputFile, beside: readonly InputFile[] = []): Promise<ModelFile> {
  const sniffed = await sniff(file);
  const format = MODEL_FORMATS.find((candidate) => candidate.matches(sniffed));
  if (format === undefined || sniffed.truncated) throw foreignError(file, sniffed, WANTED);
  try {
    return await format.read(file, beside);
  } catch (error) {
    if (error instanceof StudioError) throw error;
    // Out of memory and bytes that change while they are read: still the file's story, told with its name.
    throw new StudioError('file/unreadable', `${file.path} could not be read to its end.`, {
      subject: file.path,
      cause: error,
    });
  }
}
