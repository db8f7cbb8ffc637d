import type { LayerGraph } from './graph/layerGraph';
import type { OnnxModel } from './onnx/onnxModel';

/** The element types that a state_dict may hold, under PyTorch's names. */
export type DType =
  'float64' | 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int16' | 'int8' | 'uint8' | 'bool';

/**
 * One tensor of a state_dict. `data` holds the values in C order whatever the file's strides were.
 * Floating types are widened or narrowed to float32; integer types are int32 where they fit (int64 values
 * beyond 2^53 are refused). `dtype` says what the file had, so that a rewritten file keeps it.
 */
export interface StateTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Float64Array;
}

/** PyTorch's `state_dict()`: names in their original order, weights OIHW. */
export type StateDict = ReadonlyMap<string, StateTensor>;

/** What a model file turned out to hold. */
export interface ModelFile {
  /** The `id` of the `ModelFormat` that read it: `pth-zip`, `pth-legacy`, `safetensors`, `pickle` or `onnx`. */
  readonly format: string;
  readonly state: StateDict;
  /** Objects in a pickle that are not tensors and were not run: their qualified names. */
  readonly opaque: readonly string[];
  /** Scalar entries beside the state_dict in a checkpoint wrapper (epoch, accuracy, ...), for the model card. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What is computed, where the file says so; `state` then holds the constants under the graph's names. */
  readonly onnx?: OnnxModel;
  /** The network of a Keras or TensorFlow.js file; `state` then holds its weights under the names it uses. */
  readonly graph?: LayerGraph;
}
