/** What kind of numbers a tensor holds. */
export type OnnxKind = 'float' | 'int' | 'bool';

/**
 * A constant of an ONNX file, in C order and the file's own axis order. Floats of any width are float32; integers and truth
 * values (0, 1) are numbers in a float64 array, int64 beyond 2^53 rounded, which only "to the end" indices use.
 */
export interface OnnxTensor {
  readonly kind: OnnxKind;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** A node's attribute; what no supported operator has is `other`. */
export type OnnxAttribute =
  | { readonly kind: 'float' | 'int'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'tensor'; readonly value: OnnxTensor }
  | { readonly kind: 'floats' | 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'other'; readonly value: null };

/** One operation. An empty input name stands for an optional input that is not given. */
export interface OnnxNode {
  /** The node's name, or its first output's where it has none. */
  readonly name: string;
  readonly opType: string;
  /** Empty for ONNX's own operators. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** A graph's input or output. A dimension is a number, a symbol, or null where the file does not say. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly kind: OnnxKind;
  readonly shape: readonly (number | string | null)[] | null;
}

/** A graph with its constants: checked for types and sizes, not yet for what it computes. */
export interface OnnxModel {
  /** Version of ONNX's own operator set. */
  readonly opset: number;
  readonly producer: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  /** Inputs that are no constants. */
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
}
