import { StudioError } from '../../protocol/errors';

/**
 * A classifier of which only answers can be had (Appendix E). Every implementation checks what it was answered: rows that are returned
 * are finite, within [0,1] and sum to 1, up to rounding.
 */
export interface BlackBox {
  /** One line for people: a file's name or an address. */
  readonly label: string;
  readonly classes: number;
  /**
   * Confidences of `count` images, [N, K] row-major.
   * @param pixels float32 RGB in [0,1], [N, H, W, 3] of the size that the black box was opened for; stays the caller's.
   * @throws StudioError `blackbox/bad-answer`, `blackbox/unreachable`, `aborted`.
   */
  confidences(pixels: Float32Array, count: number, signal?: AbortSignal): Promise<Float32Array>;
  /** True once it cannot be asked any more, though nobody closed it. */
  readonly ended?: boolean;
  /** Frees what it holds; nothing may be asked after. */
  close(): Promise<void>;
}

/** How far from 1 a row may sum, and from [0,1] an entry may lie: services round their answers. */
export const SUM_TOLERANCE = 0.01;

/** @throws StudioError `blackbox/bad-answer` naming what is wrong with the first row that is. */
export function checkConfidences(values: Float32Array, count: number, classes: number, label: string): void {
  if (values.length !== count * classes) {
    throw badAnswer(label, `it gave ${values.length} numbers for ${count} images of ${classes} classes`);
  }
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let j = 0; j < classes; j++) {
      const value = values[row * classes + j] ?? NaN;
      if (!Number.isFinite(value)) throw badAnswer(label, 'a confidence is not a finite number');
      if (value < -SUM_TOLERANCE || value > 1 + SUM_TOLERANCE) {
        throw badAnswer(label, `a confidence is ${value.toPrecision(4)}, outside of 0 to 1`);
      }
      sum += value;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw badAnswer(label, `the confidences of an image sum to ${sum.toPrecision(4)}, not to 1`);
    }
  }
}

/** An answer that cannot be used, in one sentence. */
export function badAnswer(label: string, reason: string, cause?: unknown): StudioError {
  return new StudioError('blackbox/bad-answer', `The answer of ${label} cannot be used: ${reason}.`, {
    subject: label,
    cause,
  });
}

/** Softmax over rows of [N, K], in float64. */
export function softmaxRows(logits: Float32Array, classes: number): Float32Array {
  const out = new Float32Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    const row = Array.from(logits.subarray(start, start + classes));
    const most = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = row.map((value) => Math.exp(value - most));
    const sum = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, j) => {
      out[start + j] = power / sum;
    });
  }
  return out;
}
