import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StudioError } from '../../protocol/errors';
import { decodeImage } from './decode';
import { encodePng } from './encodePng';

const folder = new URL('../../../tests/fixtures/datasets/', import.meta.url);
const image = (name: string) => new Uint8Array(readFileSync(new URL(`images/${name}`, folder)));
const expected = JSON.parse(readFileSync(new URL('images.json', folder), 'utf8')) as Record<
  string,
  { width: number; height: number; rgb: string }
>;
const codeOf = (bytes: Uint8Array, name = 'x.jpg') =>
  decodeImage(bytes, name).then(
    () => 'decoded',
    (thrown: unknown) =>
      thrown instanceof StudioError && thrown.message.includes(name) ? thrown.code : thrown,
  );
/** A PNG of one IHDR with these fields, and nothing else that would fit. */
function pngHeader(width: number, height: number): Uint8Array {
  const bytes = image('rgb.png').slice();
  const view = new DataView(bytes.buffer);
  view.setUint32(16, width);
  view.setUint32(20, height);
  return bytes;
}

describe('decodeImage', () => {
  it.each(Object.keys(expected))('gives the pixels PIL gives for %s', async (name) => {
    const want = expected[name]!;
    const { width, height, data } = await decodeImage(image(name), name);
    expect([width, height]).toEqual([want.width, want.height]);
    expect(Buffer.from(data).equals(Buffer.from(want.rgb, 'base64'))).toBe(true);
  });

  it('has a fixture for every picture but the CMYK one, which it names', async () => {
    const files = readdirSync(new URL('images/', folder));
    expect(files.filter((file) => !(file in expected))).toEqual(['cmyk.jpg']);
    expect(await codeOf(image('cmyk.jpg'))).toBe('format/unsupported');
  });

  it('goes by content, not by name', async () => {
    expect((await decodeImage(image('rgb.png'), 'photo.jpg')).width).toBe(13);
  });

  it.each(['baseline420.jpg', 'progressive.jpg', 'rgb.png', 'interlaced.png', 'palette.png'])(
    'says that a cut-off %s is cut off or damaged, at whatever byte',
    async (name) => {
      const whole = image(name);
      // The end marker alone is worth two bytes in a JPEG and a chunk in a PNG.
      for (let length = 4; length < whole.length; length += 7) {
        expect(['file/truncated', 'dataset/decode-failed', 'file/unrecognised', 'file/foreign']).toContain(
          await codeOf(whole.slice(0, length)),
        );
      }
      expect(await codeOf(whole.slice(0, Math.floor(whole.length * 0.8)))).toBe('file/truncated');
    },
  );

  it('says what a file is that is no image', async () => {
    const text = (value: string) => new TextEncoder().encode(value);
    expect(await codeOf(new Uint8Array(0))).toBe('file/empty');
    expect(await codeOf(text('<!DOCTYPE html><html><body>404'))).toBe('file/foreign');
    expect(await codeOf(text('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'))).toBe(
      'file/foreign',
    );
    expect(await codeOf(text('GIF89a........'))).toBe('format/unsupported');
    expect(await codeOf(Uint8Array.of(1, 2, 3, 4, 5))).toBe('file/unrecognised');
  });

  it('refuses huge sizes and bombs before it allocates for them', async () => {
    expect(await codeOf(pngHeader(100_000, 100_000))).toBe('file/too-large');
    const jpeg = image('baseline420.jpg').slice();
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    jpeg.set([0xff, 0xff, 0xff, 0xff], frame + 5);
    expect(await codeOf(jpeg)).toBe('file/too-large');
    // 8 MB of zeros squeezed into a picture of one pixel.
    const bomb = encodePng(new Uint8Array(1638 * 1638 * 3), 1638, 1638);
    new DataView(bomb.buffer).setUint32(16, 1);
    new DataView(bomb.buffer).setUint32(20, 1);
    expect(await codeOf(bomb)).toBe('dataset/decode-failed');
  });

  it('checks the sums of PNG chunks', async () => {
    const bytes = image('rgb.png').slice();
    bytes[60]! ^= 1;
    expect(await codeOf(bytes)).toBe('dataset/decode-failed');
  });

  it('keeps working after hundreds of broken files', async () => {
    const broken = image('baseline420.jpg').slice(0, 300);
    for (let i = 0; i < 400; i++) expect(await codeOf(broken)).toBe('file/truncated');
    expect(await codeOf(image('baseline420.jpg'))).toBe('decoded');
  });

  it('answers any damage with pixels or a StudioError', async () => {
    const sources = Object.keys(expected).map((name) => image(name));
    const damage = fc.record({
      source: fc.nat(sources.length - 1),
      at: fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255)), {
        minLength: 1,
        maxLength: 6,
      }),
      keep: fc.double({ min: 0.2, max: 1, noNaN: true }),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ source, at, keep }) => {
        const whole = sources[source]!;
        const bytes = whole.slice(0, Math.ceil(whole.length * keep));
        for (const [place, value] of at) bytes[Math.floor(place * bytes.length)] = value;
        try {
          const { width, height, data } = await decodeImage(bytes, 'damaged');
          expect(data.length).toBe(width * height * 3);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(StudioError);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('encodePng', () => {
  it('comes back as it was', async () => {
    const rgb = Uint8Array.from({ length: 5 * 4 * 3 }, (_, i) => (i * 37) % 256);
    expect((await decodeImage(encodePng(rgb, 5, 4), 'made.png')).data).toEqual(rgb);
  });
});
