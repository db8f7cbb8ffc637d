import { StudioError } from '../../../protocol/errors';
import { type InputFile, readRange } from '../../input';
import type { TensorProto } from './onnx_pb';

/** Where a tensor's bytes lie in another file. */
interface Place {
  readonly location: string;
  readonly offset: number;
  readonly length: number | null;
}

/**
 * The bytes of a tensor stored beside the model: exactly `bytes` of them.
 * @param beside the files that came with the model; no other is ever opened.
 * @throws StudioError `file/unsafe-path` for a location that leads out of the model's folder, `file/missing` where the file did not come
 * along, `file/truncated` where it is too short, `format/malformed`.
 */
export async function readExternal(
  model: InputFile,
  tensor: TensorProto,
  bytes: number,
  beside: readonly InputFile[],
): Promise<Uint8Array> {
  const { location, offset, length } = placeOf(model, tensor);
  const subject = { subject: model.path };
  if (length !== null && length !== bytes) {
    throw new StudioError(
      'format/malformed',
      `${model.path} is damaged: tensor ${clip(tensor.name)} needs ${bytes} bytes, and ${length} are stored beside it.`,
      subject,
    );
  }
  const file = findBeside(model, location, beside);
  if (!file) {
    throw new StudioError(
      'file/missing',
      `${model.path} keeps its weights in ${clip(location)}, which did not come with it: open both files together.`,
      subject,
    );
  }
  if (offset + bytes > file.blob.size) {
    throw new StudioError('file/truncated', `${file.path} is too short for the weights of ${model.path}.`, {
      subject: file.path,
    });
  }
  return readRange(file.blob, offset, offset + bytes);
}

function placeOf(model: InputFile, tensor: TensorProto): Place {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location') ?? '';
  const number = (key: string): number | null => {
    const text = entries.get(key);
    if (text === undefined) return null;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(value)) return value;
    throw new StudioError(
      'format/malformed',
      `${model.path} is damaged: where tensor ${clip(tensor.name)} is stored is unreadable.`,
      { subject: model.path },
    );
  };
  if (!isSafePath(location)) {
    throw new StudioError(
      'file/unsafe-path',
      `${model.path} asks for weights at ${clip(location)}, which is outside its folder.`,
      { subject: model.path },
    );
  }
  return { location, offset: number('offset') ?? 0, length: number('length') };
}

/** A relative path that stays below the folder it starts from. */
export function isSafePath(path: string): boolean {
  if (path === '' || path.length > 1024 || /^[/\\]|^[a-z]:|[\\\0]/i.test(path)) return false;
  return !path.split('/').includes('..');
}

/** The file at `location` from the model's folder; of loose files, the one of that name. */
function findBeside(model: InputFile, location: string, beside: readonly InputFile[]): InputFile | undefined {
  const plain = location
    .split('/')
    .filter((part) => part !== '.')
    .join('/');
  const folder = model.path.slice(0, model.path.lastIndexOf('/') + 1);
  const name = plain.slice(plain.lastIndexOf('/') + 1);
  return beside.find(({ path }) => path === folder + plain) ?? beside.find(({ path }) => path === name);
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
