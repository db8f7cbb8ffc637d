import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type HttpBlackBoxOptions, openHttpBlackBox } from './httpBlackBox';

const SIZE = 2;

interface Asked {
  readonly version: number;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'uint8';
  readonly pixels: string;
}

/** A service on this machine; `answer` says what it does with what it was asked. */
async function serve(answer: (asked: Asked, response: ServerResponse, nth: number) => void) {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => void parts.push(part));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as Asked;
      asked.push(body);
      answer(body, response, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ask`, asked };
}

const closers: (() => void)[] = [];
afterEach(() => {
  closers.splice(0).forEach((close) => close());
  vi.restoreAllMocks();
});

function open(url: string, change: Partial<HttpBlackBoxOptions> = {}) {
  const options = { url, allowNetwork: true, height: SIZE, width: SIZE, encoding: 'float32' as const };
  return openHttpBlackBox({ ...options, backoffMs: 1, timeoutMs: 5000, ...change });
}

const json = (response: ServerResponse, value: unknown) => response.end(JSON.stringify(value));
/** Two classes; the first one's confidence is the mean of the image. */
const honest = (asked: Asked, response: ServerResponse) => {
  const bytes = Buffer.from(asked.pixels, 'base64');
  const values =
    asked.dtype === 'uint8'
      ? Float32Array.from(bytes, (value) => value / 255)
      : new Float32Array(Uint8Array.from(bytes).buffer);
  const image = SIZE * SIZE * 3;
  const confidences = Array.from({ length: asked.shape[0] ?? 0 }, (_, i) => {
    const mean = values.subarray(i * image, (i + 1) * image).reduce((a, b) => a + b, 0) / image;
    return [mean, 1 - mean];
  });
  json(response, { confidences });
};

describe('a black box behind an address', () => {
  it.each(['float32', 'uint8'] as const)(
    'is sent %s pixels in batches, and its confidences are had',
    async (encoding) => {
      const { url, asked } = await serve(honest);
      const box = await open(url, { encoding, batchSize: 2 });
      expect(box.classes).toBe(2);
      const pixels = new Float32Array(3 * 12);
      pixels.fill(0.2, 0, 12).fill(0.4, 12, 24).fill(1, 24);
      const got = await box.confidences(pixels, 3);
      [0.2, 0.8, 0.4, 0.6, 1, 0].forEach((value, i) => expect(got[i]).toBeCloseTo(value, 6));
      expect(asked.map(({ shape }) => shape)).toEqual([
        [1, 2, 2, 3],
        [2, 2, 2, 3],
        [1, 2, 2, 3],
      ]);
      expect(asked[0]).toMatchObject({ version: 1, dtype: encoding });
    },
  );

  it.each([
    [
      'rows of another number',
      {
        confidences: [
          [0.5, 0.5],
          [1, 0],
        ],
      },
      /2 rows for 1 images/,
    ],
    ['no rows', { answer: [] }, /no list "confidences"/],
    ['text in place of numbers', { confidences: [['0.5', '0.5']] }, /not a number/],
    ['null, as JSON has NaN', { confidences: [[null, 1]] }, /not a number/],
    ['what does not sum to 1', { confidences: [[3, -2]] }, /outside of 0 to 1/],
    ['two numbers that are each too small', { confidences: [[0.1, 0.1]] }, /sum to 0.2000/],
    ['one class', { confidences: [[1]] }, /fewer than two/],
  ])('refuses %s in one sentence', async (_what, answer, message) => {
    const { url } = await serve((_asked, response) => json(response, answer));
    await expect(open(url)).rejects.toMatchObject({
      code: 'blackbox/bad-answer',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['a web page', '<html><body>Sign in</body></html>', /web page and not JSON/],
    ['bare NaN', '{"confidences": [[NaN, 1]]}', /not JSON/],
    ['numbers beyond float32', '{"confidences": [[1e300, 0]]}', /finite/],
    ['something huge', 'x'.repeat(1_000_000), /longer than/],
  ])('refuses %s in one sentence', async (_what, text, message) => {
    const { url } = await serve((_asked, response) => response.end(text));
    await expect(open(url)).rejects.toMatchObject({
      code: 'blackbox/bad-answer',
      message: expect.stringMatching(message),
    });
  });

  it('refuses a row of another width than the first answer had', async () => {
    const { url } = await serve((_asked, response, nth) =>
      json(response, { confidences: [nth === 1 ? [0.5, 0.5] : [0.2, 0.3, 0.5]] }),
    );
    const box = await open(url);
    await expect(box.confidences(new Float32Array(12), 1)).rejects.toMatchObject({
      code: 'blackbox/bad-answer',
      message: expect.stringMatching(/not a list of 2 numbers/),
    });
  });

  it('gives up where there is no answer in time', async () => {
    const { url, asked } = await serve(() => undefined);
    await expect(open(url, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'blackbox/unreachable',
      message: expect.stringMatching(/no answer within 0\.1 s/),
    });
    expect(asked.length).toBe(1);
  });

  it('asks a busy service again, so often and no more', async () => {
    const later = await serve((asked, response, nth) => {
      if (nth > 2) return honest(asked, response);
      response.statusCode = 503;
      response.end();
    });
    await expect(open(later.url)).resolves.toMatchObject({ classes: 2 });
    expect(later.asked.length).toBe(3);
    await expect(open(later.url.replace('/ask', '/')).then((box) => box.classes)).resolves.toBe(2);
    const never = await serve((_asked, response) => {
      response.statusCode = 503;
      response.end();
    });
    await expect(open(never.url)).rejects.toMatchObject({ code: 'blackbox/unreachable' });
    expect(never.asked.length).toBe(3);
  });

  it.each([404, 302])('does not ask again, nor elsewhere, after %i', async (status) => {
    const elsewhere = await serve(honest);
    const { url, asked } = await serve((_asked, response) => {
      response.writeHead(status, { location: elsewhere.url }).end();
    });
    await expect(open(url, { retries: 0 })).rejects.toMatchObject({ code: 'blackbox/unreachable' });
    expect([asked.length, elsewhere.asked.length]).toEqual([1, 0]);
  });

  it('says in one sentence what a closed door may mean', async () => {
    await expect(open('http://127.0.0.1:9/ask', { retries: 0 })).rejects.toMatchObject({
      code: 'blackbox/unreachable',
      message: expect.stringMatching(/could not be asked: it is down, .*Access-Control-Allow-Origin\)\.$/),
    });
  });

  it.each([
    ['without leave', 'https://example.org/ask', false, /expressly/],
    ['over plain http to another machine', 'http://example.org/ask', true, /https, or http on this machine/],
    ['over another protocol', 'file:///etc/hosts', true, /https, or http on this machine/],
    ['with a password in the address', 'https://me:secret@example.org/', true, /password/],
    ['at what is no address', 'example', true, /not an address/],
  ])('touches no network %s', async (_what, url, allowNetwork, message) => {
    const fetched = vi.spyOn(globalThis, 'fetch').mockRejectedValue(new Error('touched'));
    await expect(open(url, { allowNetwork })).rejects.toMatchObject({
      code: 'blackbox/not-allowed',
      message: expect.stringMatching(message),
    });
    expect(fetched).not.toHaveBeenCalled();
  });
});
