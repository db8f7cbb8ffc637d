import { describe, expect, it } from 'vitest';
import { fixtureBytes as formatBytes, inputOf } from '../../tests/fixtures/formats/load';
import { readFixture } from '../../tests/setup/fixture';
import { writeStoredZip } from './exports/storedZip';
import { openDataset } from './datasets/openDataset';
import { readModel } from './models/readModel';
import { sniff } from './sniff';

const latin1 = (text: string, size = text.length): Uint8Array<ArrayBuffer> => {
  const out = new Uint8Array(Math.max(size, text.length));
  out.set(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
  return out;
};
const field = (number: number, content: string): string =>
  String.fromCharCode(number * 8 + 2, content.length) + content;
const zip = (...names: readonly string[]) =>
  writeStoredZip(names.map((name) => ({ name, bytes: latin1('x') })));
/** `{'model': <sklearn class>(...)}` by pickle's protocol 2. */
const SKLEARN = latin1(
  '\x80\x02csklearn.linear_model._logistic\nLogisticRegression\n)\x81}X\x01\x00\x00\x00CG?\xf0\x00\x00\x00\x00\x00\x00sb.',
);

/** What people drop in a model's place, as `model.pth`; each is named for what it is. */
const WRONG: readonly (readonly [string, Uint8Array<ArrayBuffer>, RegExp])[] = [
  [
    'a page for a missing download',
    latin1('<!DOCTYPE html><html><title>404</title>'),
    /an HTML page, such as a server sends/,
  ],
  [
    'a Git LFS pointer',
    latin1('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4\n'),
    /Git LFS pointer.*git lfs pull/,
  ],
  ['a PDF', latin1('%PDF-1.7\n'), /a PDF document/],
  ['a PNG', latin1('\x89PNG\r\n\x1a\n', 64), /a PNG image/],
  ['a WebP', latin1('RIFF\x10\x00\x00\x00WEBPVP8 ', 64), /a WebP image/],
  ['a TIFF', latin1('II*\0\x08\0\0\0', 64), /a TIFF image/],
  ['a HEIC photo', latin1('\0\0\0\x18ftypheic', 64), /a HEIC image/],
  ['a film', latin1('\0\0\0\x18ftypisom', 64), /a video/],
  ['a Linux program', latin1('\x7fELF\x02\x01', 64), /a Linux program/],
  ['a Windows program', latin1(`MZ${'\0'.repeat(58)}\x80\0\0\0`, 256), /a Windows program/],
  ['a macOS program', latin1('\xcf\xfa\xed\xfe\x07\0\0\x01', 64), /a macOS program/],
  ['a TensorFlow Lite model', latin1('\x1c\0\0\0TFL3\x14\0\x20\0', 64), /a TensorFlow Lite model/],
  [
    'a SavedModel',
    latin1(
      '\x08\x01\x12\xf0\x80\x04\x0a\x90\x02\x12\x80\x02\x0a\x10\x0a\x03Add\x12\x04typeAssignVariableOp',
      300,
    ),
    /a TensorFlow SavedModel; convert it/,
  ],
  [
    'a frozen graph',
    latin1(field(1, `${field(1, 'input')}${field(2, 'Placeholder')}`), 200),
    /a frozen TensorFlow graph; convert it/,
  ],
  [
    'a Core ML model',
    latin1(`\x08\x04\x12\x90\x01${field(1, `${field(1, 'image')}\x1a\x04\x22\x02\x08\x03`)}`, 200),
    /a Core ML model; export/,
  ],
  ['a GGUF model', latin1('GGUF\x03\0\0\0', 64), /a GGUF model/],
  ['a MATLAB file', latin1('MATLAB 5.0 MAT-file, Platform: GLNXA64', 128), /a MATLAB file/],
  ['a scikit-learn pickle', SKLEARN, /a model of scikit-learn; the studio defends neural networks/],
  ['a RAR archive', latin1('Rar!\x1a\x07\x01\0', 64), /a RAR archive/],
  ['a 7-Zip archive', latin1("7z\xbc\xaf'\x1c\0\x04", 64), /a 7-Zip archive/],
  ['a document', zip('[Content_Types].xml', 'word/document.xml'), /an Office document/],
  [
    'a zip around a model',
    zip('resnet18/model.onnx'),
    /a zip archive with model\.onnx in it; unpack it first/,
  ],
  [
    'a SavedModel in a zip',
    zip('m/saved_model.pb', 'm/variables/variables.index'),
    /with a TensorFlow SavedModel in it/,
  ],
  ['a table', latin1('name,label\na.png,1\nb.png,2\n'), /a table of text \(CSV\)/],
  ['a note', latin1('The weights are on the other disk.\n'), /plain text/],
  ['a program text', latin1('import torch\nmodel = torch.nn.Linear(1, 1)\n'), /a script/],
  [
    'OpenVINO',
    latin1('<?xml version="1.0"?>\n<net name="m" version="11">'),
    /an OpenVINO network's description/,
  ],
  ['nothing', latin1(''), /is empty \(0 bytes\)/],
];

describe('files that are no models', () => {
  it.each(WRONG)('%s is named in one sentence', async (_, bytes, says) => {
    const error: unknown = await readModel(inputOf(bytes, 'model.pth')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'StudioError', message: expect.stringMatching(says) });
    const { message } = error as Error;
    expect(message).toMatch(/^model\.pth .*\.$/);
    expect(message.slice(0, -1)).not.toMatch(/\. [A-Z](?!etch)/);
  });

  it('says the same of a data set', async () => {
    await expect(openDataset([inputOf(latin1('\x1c\0\0\0TFL3', 64), 'data')])).rejects.toMatchObject({
      code: 'file/foreign',
      message:
        'data is not a data set that is read here: it is a TensorFlow Lite model; its weights are made for inference only.',
    });
  });
});

/** Every format that is read, with a file of it. */
const READ: readonly (readonly [string, string])[] = [
  ['formats/state_zip.pth', 'pth-zip'],
  ['formats/torchscript.pt', 'pth-zip'],
  ['formats/attack_result.pt', 'pth-zip'],
  ['formats/state_legacy.pth', 'pth-legacy'],
  ['formats/mixed.safetensors', 'safetensors'],
  ['formats/numpy_weights.pkl', 'pickle'],
  ['onnx/resnet_11.onnx', 'onnx'],
  ['onnx/odd_16.onnx', 'onnx'],
  ['keras/sequential_keras2.h5', 'hdf5'],
  ['keras/by_keras.h5', 'hdf5'],
  ['keras/by_keras.keras', 'keras-zip'],
  ['keras/tfjs_graph/model.json', 'json'],
  ['datasets/arrays/x_train.npy', 'npy'],
  ['datasets/arrays/nhwc.npz', 'npz'],
  ['datasets/arrays/train-images-idx3-ubyte', 'idx'],
  ['datasets/parquet/zstd.parquet', 'parquet'],
  ['datasets/two-classes.zip', 'zip'],
  ['datasets/mini-cifar-python.tar.gz', 'gzip'],
  ['datasets/images/baseline420.jpg', 'jpeg'],
  ['datasets/images/palette.png', 'png'],
];

describe('content before extension', () => {
  it.each(READ)('%s is told under any name', async (path, kind) => {
    const bytes = await readFixture(path);
    for (const name of [
      'model.pth',
      'a.onnx',
      'photo.jpg',
      'data.csv',
      'x.pkl',
      'weights.pth.tar',
      'nameless',
    ])
      expect((await sniff(inputOf(bytes, name))).kind).toBe(kind);
  });

  it.each(['model.bin', 'model.jpg', 'model.pth.tar', 'model'])('models are read as %s', async (name) => {
    for (const path of ['state_zip.pth', 'state_legacy.pth', 'mixed.safetensors', 'numpy_weights.pkl'])
      expect((await readModel(inputOf(formatBytes(path), name))).state.size).toBeGreaterThan(0);
    for (const path of ['onnx/resnet_11.onnx', 'keras/in_a_row.h5', 'keras/in_a_row.keras'])
      expect((await readModel(inputOf(await readFixture(path), name))).state.size).toBeGreaterThan(0);
  });

  it('a download that broke off is told from a damaged file', async () => {
    for (const path of [
      'keras/sequential_keras2.h5',
      'keras/by_keras.keras',
      'formats/state_zip.pth',
      'formats/mixed.safetensors',
      'onnx/resnet_11.onnx',
    ]) {
      const bytes = await readFixture(path);
      const half = inputOf(bytes.slice(0, Math.floor(bytes.length / 2)), 'model.pth');
      await expect(readModel(half)).rejects.toMatchObject({ code: 'file/truncated' });
    }
  });
});
