/** Deflate reaches 1032:1 on zeros; archives of images, weights and labels stay far below a hundred. */
const MAX_RATIO = 200;
/** Small files of flat data may unfold to this, whatever the ratio. */
const FLOOR_BYTES = 64 * 2 ** 20;

/** Bytes that compressed data of `packedBytes` may unfold to; beyond this a file is taken for a bomb. */
export function unfoldLimit(packedBytes: number): number {
  return Math.max(FLOOR_BYTES, MAX_RATIO * packedBytes);
}
