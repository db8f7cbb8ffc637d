import { badAnswer } from './blackBox';

/**
 * Reads a body up to `cap` bytes; a longer one is called off. @throws StudioError `blackbox/bad-answer`.
 */
export async function readCapped(response: Response, cap: number, label: string): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return '';
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > cap) {
      await reader.cancel();
      throw badAnswer(label, `it is longer than ${cap} bytes`);
    }
    parts.push(value);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new TextDecoder().decode(whole);
}

/**
 * The `confidences` of an answer, flat [N, K]; their values are checked by `checkConfidences`.
 * @param classes null: taken from the first row.
 * @throws StudioError `blackbox/bad-answer` for anything that is not N rows of K numbers.
 */
export function parseAnswer(
  text: string,
  count: number,
  classes: number | null,
  label: string,
): { readonly values: Float32Array; readonly classes: number } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const page = /^\s*</.test(text);
    throw badAnswer(label, page ? 'it is a web page and not JSON' : 'it is not JSON', cause);
  }
  const rows: unknown =
    typeof parsed === 'object' && parsed !== null && 'confidences' in parsed ? parsed.confidences : undefined;
  if (!Array.isArray(rows)) throw badAnswer(label, 'it has no list "confidences"');
  if (rows.length !== count) throw badAnswer(label, `it has ${rows.length} rows for ${count} images`);
  const first: unknown = rows[0];
  const width = classes ?? (Array.isArray(first) ? first.length : 0);
  if (width < 2) throw badAnswer(label, 'a row has fewer than two confidences');
  const values = new Float32Array(count * width);
  rows.forEach((row: unknown, i) => {
    if (!Array.isArray(row) || row.length !== width) {
      throw badAnswer(label, `row ${i} is not a list of ${width} numbers`);
    }
    row.forEach((value: unknown, j) => {
      if (typeof value !== 'number') throw badAnswer(label, `row ${i} holds something that is not a number`);
      values[i * width + j] = value;
    });
  });
  return { values, classes: width };
}
