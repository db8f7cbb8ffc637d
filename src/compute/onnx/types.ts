import type { OnnxKind, OnnxTensor } from '../../formats/models/onnx/onnxModel';
import type { FrozenValue } from '../nn/frozenGraph';
import type { NodeCall } from './nodeCall';
import type { RunCall } from './runCall';

/** What is known of a value before anything runs. `shape` is in ONNX's order of axes. */
export interface Known {
  readonly shape: readonly number[];
  readonly kind: OnnxKind;
  /** Its numbers, where they follow from the file and from shapes alone. */
  readonly host: OnnxTensor | null;
}

/** A value on the device. Truth values and integers are float32 like everything else. */
export interface GraphValue {
  readonly value: FrozenValue;
  /** Of rank 4, and its axes lie as batch, row, column, channel; else as `shape` has them. */
  readonly nhwc: boolean;
  /** In ONNX's order of axes. */
  readonly shape: readonly number[];
}

/** An operator: what it gives, known from what goes in, and how that is computed. */
export interface Operator {
  /** @throws OnnxProblem for attributes and shapes that are not supported, or make no sense. */
  readonly infer: (call: NodeCall) => readonly Known[];
  /** Differentiable. Not called where every output's numbers are known. Results belong to the caller's tidy. */
  readonly run: (call: RunCall) => readonly GraphValue[];
}

/** Why a node cannot be run; completes "node X (Op) ...". */
export class OnnxProblem extends Error {
  override readonly name = 'OnnxProblem';
}
