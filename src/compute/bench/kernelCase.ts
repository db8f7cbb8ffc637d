import { tf } from '../tf';

/** One kernel on one shape, as its folder's `bench.ts` gives it. */
export interface KernelCase {
  /** The folder under `src/compute/kernels`, and what of it. */
  readonly kernel: string;
  /** "batch 32, 32x32, 16 to 16, 3x3". */
  readonly shape: string;
  /** Floating-point operations; 0 for what only moves bytes. */
  readonly flops: number;
  /** Bytes that have to be read and written at least. */
  readonly bytes: number;
  /** Allocates the operands, in no tidy's care. */
  readonly setUp: () => PreparedCase;
}

/** A case with its operands on the device. */
export interface PreparedCase {
  /** Computes once, inside a tidy: with our kernels where they are installed, else with what tfjs has. */
  readonly run: () => tf.Tensor | tf.Tensor[];
  readonly dispose: () => void;
}

/** Bytes of float32 values. */
export function floatBytes(...counts: readonly number[]): number {
  return 4 * counts.reduce((sum, count) => sum + count, 0);
}

/** A case whose operands are random tensors of these shapes, in [-1, 1). */
export function onTensors(
  shapes: readonly (readonly number[])[],
  run: (...operands: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
): () => PreparedCase {
  return () => {
    const operands = shapes.map((shape) => tf.keep(tf.randomUniform([...shape], -1, 1)));
    return { run: () => run(...operands), dispose: () => tf.dispose(operands) };
  };
}
