import type { ModelFormat } from './modelFormat';
import { onnx } from './onnx/onnx';
import { pickleFile } from './pickleFile';
import { pthLegacy } from './pthLegacy';
import { pthZip } from './pthZip';
import { safetensors } from './safetensors';

/** Every way of storing a model that the studio reads, asked in this order. */
export const MODEL_FORMATS: readonly ModelFormat[] = [pthZip, pthLegacy, safetensors, pickleFile, onnx];
