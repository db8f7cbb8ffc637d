import { kerasH5 } from './keras/h5Model';
import { kerasZip } from './keras/kerasZip';
import type { ModelFormat } from './modelFormat';
import { onnx } from './onnx/onnx';
import { pickleFile } from './pickleFile';
import { pthLegacy } from './pthLegacy';
import { pthZip } from './pthZip';
import { safetensors } from './safetensors';
import { tfjsModel } from './tfjs/tfjsModel';

/** Every way of storing a model that the studio reads, asked in this order. */
export const MODEL_FORMATS: readonly ModelFormat[] = [
  pthZip,
  pthLegacy,
  safetensors,
  pickleFile,
  onnx,
  kerasH5,
  kerasZip,
  tfjsModel,
];
