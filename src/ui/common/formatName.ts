/** What the engine's names of file formats are called on the page; a name without an entry is shown as it is. */
const NAMES: Readonly<Record<string, string>> = {
  'pth-zip': 'PyTorch state_dict (zip)',
  'pth-legacy': 'PyTorch state_dict (legacy stream)',
  pickle: 'Pickle of tensors',
  safetensors: 'safetensors',
  onnx: 'ONNX',
  'keras-h5': 'Keras HDF5',
  keras: 'Keras',
  'tfjs-layers': 'TensorFlow.js layers model',
  'tfjs-graph': 'TensorFlow.js graph model',
  drawn: 'Drawn by the studio',
  'cifar-binary': 'CIFAR batches, binary version',
  'cifar-python': 'CIFAR batches, python version',
  'image-folder': 'Images in class folders',
  numpy: 'numpy arrays',
  idx: 'IDX files (MNIST)',
  parquet: 'Parquet images',
  gtsrb: 'GTSRB',
  'image-zip': 'Zip of images in class folders',
};

/** A file format in words. */
export function formatName(format: string): string {
  return NAMES[format] ?? format;
}
