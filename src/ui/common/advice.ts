import type { ErrorCode } from '../../protocol/errors';

/** What a person can do about an error; empty where its own sentence says it all. */
export function adviceFor(code: ErrorCode): string {
  switch (code) {
    case 'file/empty':
    case 'file/truncated':
    case 'format/malformed':
    case 'dataset/decode-failed':
      return 'The copy may be incomplete: fetch the file again.';
    case 'file/unreadable':
      return 'The file may have been moved or changed since it was chosen: choose it again.';
    case 'file/foreign':
    case 'file/unrecognised':
    case 'format/unsupported':
      return 'Models: .pth, .pt, .safetensors, .onnx, Keras or TensorFlow.js. Images: CIFAR archives, a zip or a folder of JPEG or PNG files, .npz, IDX or Parquet.';
    case 'file/too-large':
    case 'gpu/out-of-memory':
      return 'Use fewer images, a smaller batch or a smaller transform.';
    case 'file/unsafe-path':
    case 'format/forbidden-opcode':
      return 'The file was not run and not loaded. Do not open it with other tools either.';
    case 'file/missing':
      return 'Open it together with the other files.';
    case 'model/shape-mismatch':
      return 'Use a file and images that fit each other.';
    case 'model/unknown-architecture':
      return 'CIFAR ResNets of 18, 34 and 50 layers, of any width, can be defended.';
    case 'dataset/mixed-sizes':
      return 'All images must be of one size: scale them first.';
    case 'dataset/no-images':
    case 'dataset/bad-labels':
      return 'Put images into train/CLASS and test/CLASS folders.';
    case 'experiment/invalid':
    case 'experiment/unknown-key':
    case 'experiment/batch-too-large':
    case 'experiment/too-large':
    case 'trigger/invalid':
      return 'Correct the setting; everything else stays as it is.';
    case 'map/not-a-permutation':
    case 'map/wrong-size':
      return 'The label map stays as it was.';
    case 'gpu/unsupported':
    case 'gpu/no-adapter':
      return 'Use a current Chrome or Edge with hardware acceleration on.';
    case 'gpu/device-lost':
    case 'worker/crashed':
      return 'Restart the engine: the last checkpoint is kept.';
    case 'gpu/error':
      return 'If it happens again, reload the page; the last checkpoint is kept.';
    case 'blackbox/not-allowed':
      return 'Say that the network may be used, or use an ONNX file.';
    case 'blackbox/unreachable':
    case 'blackbox/bad-answer':
      return 'docs/BLACKBOX.md says what a black box has to answer.';
    case 'train/non-finite-loss':
      return 'Use a lower learning rate, then start again.';
    case 'train/checkpoint-mismatch':
      return 'Start a new run: a checkpoint resumes only the settings it was made with.';
    case 'worker/busy':
      return 'Wait until it is done, or stop it.';
    case 'worker/nothing-loaded':
      return 'Load a model and images first.';
    case 'storage/unavailable':
    case 'storage/quota':
      return 'Training goes on; export what you want to keep before you close the page.';
    case 'storage/corrupt':
      return 'Delete the stored run, or start a new one.';
    case 'aborted':
    case 'internal':
      return '';
  }
}
