import { addressLabel, addressProblem } from '../../protocol/blackBoxAddress';
import { StudioError } from '../../protocol/errors';
import { type BlackBox, checkConfidences } from './blackBox';
import { parseAnswer, readCapped } from './httpAnswer';

/** What an address is asked with. */
export interface HttpBlackBoxOptions {
  readonly url: string;
  /** Whether the person said that the network may be used, for this and now. */
  readonly allowNetwork: boolean;
  /** Of the images it will be asked about. */
  readonly height: number;
  readonly width: number;
  readonly encoding: 'float32' | 'uint8';
  /** Images a request; 64 where absent. */
  readonly batchSize?: number;
  /** For one request, in milliseconds; 30 seconds where absent. */
  readonly timeoutMs?: number;
  /** Further attempts where the address is not reached or busy; 2 where absent. */
  readonly retries?: number;
  /** Before the first further attempt, doubled for the next; 500 ms where absent. */
  readonly backoffMs?: number;
}

/** Answers worth asking again for. */
const BUSY: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** JSON of a confidence, with its comma and spaces, is shorter. */
const BYTES_PER_NUMBER = 40;
const BYTES_BESIDE = 65_536;

/**
 * A classifier behind an address (docs/BLACKBOX.md). This is the only place in the project that uses the network, and only where
 * `allowNetwork` is true. One grey image is asked about at once: whether it is reached, and how many classes it has.
 *
 * @throws StudioError `blackbox/not-allowed` without leave and for an address that is neither https nor on this machine,
 * `blackbox/unreachable`, `blackbox/bad-answer`, `aborted`.
 */
export async function openHttpBlackBox(
  options: HttpBlackBoxOptions,
  signal?: AbortSignal,
): Promise<BlackBox> {
  const url = allowedUrl(options);
  const { height, width, batchSize = 64 } = options;
  const label = addressLabel(options.url);
  const ask = (pixels: Float32Array, count: number, classes: number | null, stop?: AbortSignal) =>
    askOnce(options, url, label, { pixels, count, classes }, stop);
  const grey = new Float32Array(height * width * 3).fill(0.5);
  const { classes } = await ask(grey, 1, null, signal);
  const image = height * width * 3;
  return {
    label,
    classes,
    async confidences(pixels, count, stop) {
      const values = new Float32Array(count * classes);
      for (let start = 0; start < count; start += batchSize) {
        const real = Math.min(batchSize, count - start);
        const part = pixels.subarray(start * image, (start + real) * image);
        values.set((await ask(part, real, classes, stop)).values, start * classes);
      }
      return values;
    },
    close: () => Promise.resolve(),
  };
}

function allowedUrl({ url, allowNetwork }: HttpBlackBoxOptions): URL {
  const refuse = (reason: string) =>
    new StudioError('blackbox/not-allowed', `The black box at ${url} is not asked: ${reason}.`, {
      subject: 'model.blackBox.url',
    });
  if (!allowNetwork)
    throw refuse('the network may only be used where that is said expressly (--allow-network)');
  const problem = addressProblem(url);
  if (problem !== null) throw refuse(problem);
  return new URL(url);
}

interface Question {
  readonly pixels: Float32Array;
  readonly count: number;
  readonly classes: number | null;
}

/** One batch, with its further attempts. */
async function askOnce(
  options: HttpBlackBoxOptions,
  url: URL,
  label: string,
  question: Question,
  signal?: AbortSignal,
): Promise<{ readonly values: Float32Array; readonly classes: number }> {
  const { retries = 2, backoffMs = 500 } = options;
  const body = requestBody(question, options);
  for (let attempt = 0; ; attempt++) {
    if (signal?.aborted) throw new StudioError('aborted', 'Stopped.');
    const answer = await post(options, url, label, body, question, signal);
    if (typeof answer === 'string') {
      const { values, classes } = parseAnswer(answer, question.count, question.classes, label);
      checkConfidences(values, question.count, classes, label);
      return { values, classes };
    }
    if (attempt >= retries) throw answer;
    await new Promise((resolve) => setTimeout(resolve, backoffMs * 2 ** attempt));
  }
}

/** The answer's text, or why there is none yet. @throws what no further attempt would mend. */
async function post(
  { timeoutMs = 30_000 }: HttpBlackBoxOptions,
  url: URL,
  label: string,
  body: string,
  { count, classes }: Question,
  signal?: AbortSignal,
): Promise<string | StudioError> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      cache: 'no-store',
    });
    if (!response.ok) {
      await response.body?.cancel();
      const refused = unreachable(label, `it answers ${response.status}`);
      if (BUSY.has(response.status)) return refused;
      throw refused;
    }
    // Before the classes are known the answer is one row.
    const cap = BYTES_BESIDE + count * (classes ?? 0) * BYTES_PER_NUMBER;
    return await readCapped(response, cap, label);
  } catch (thrown) {
    if (thrown instanceof StudioError) throw thrown;
    if (signal?.aborted) throw new StudioError('aborted', 'Stopped.', { cause: thrown });
    if (timeout.aborted) throw unreachable(label, `there is no answer within ${timeoutMs / 1000} s`, thrown);
    return unreachable(
      label,
      'it is down, it redirects, or it does not let this page ask it (its answers then need Access-Control-Allow-Origin)',
      thrown,
    );
  }
}

function unreachable(label: string, reason: string, cause?: unknown): StudioError {
  return new StudioError('blackbox/unreachable', `The black box at ${label} could not be asked: ${reason}.`, {
    subject: 'model.blackBox.url',
    cause,
  });
}

/** The JSON of a question (docs/BLACKBOX.md). */
function requestBody({ pixels, count }: Question, { encoding, height, width }: HttpBlackBoxOptions): string {
  const bytes =
    encoding === 'uint8'
      ? Uint8Array.from(pixels, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255))
      : new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return JSON.stringify({
    version: 1,
    shape: [count, height, width, 3],
    dtype: encoding,
    pixels: base64(bytes),
  });
}

function base64(bytes: Uint8Array): string {
  const PART = 0x6000;
  let text = '';
  for (let at = 0; at < bytes.length; at += PART) {
    // A multiple of 3 bytes, so that the parts join.
    text += btoa(String.fromCharCode(...bytes.subarray(at, at + PART)));
  }
  return text;
}
