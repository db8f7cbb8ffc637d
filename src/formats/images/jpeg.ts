import codecFactory from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
// Inlined as a data URL, so that the worker's bundle and the Node build need no file beside them.
import wasmDataUrl from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm?url&inline';
import { StudioError } from '../../protocol/errors';
import type { ImageHeader } from './imageHeader';
import type { RgbImage } from './rgbImage';

/** A decoder whose memory grew over this many pixels is dropped afterwards: wasm memory never shrinks. */
const KEEP_DECODER_UP_TO_PIXELS = 4 * 2 ** 20;

/** 64 pixels a bit, and four times that for chroma at half the resolution in both directions. */
const MAX_PIXELS_PER_BYTE = 2048;

/** What the codec's emscripten module offers; its published types refer to globals that it does not declare. */
interface Codec {
  decode(
    bytes: Uint8Array,
    applyOrientation: boolean,
  ): { readonly width: number; readonly height: number; readonly data: Uint8ClampedArray } | null;
}

interface CodecOptions {
  readonly noInitialRun: boolean;
  readonly print: (text: string) => void;
  readonly printErr: (text: string) => void;
  readonly instantiateWasm: (
    imports: WebAssembly.Imports,
    done: (instance: WebAssembly.Instance) => void,
  ) => WebAssembly.Exports;
}

const createCodec = codecFactory as unknown as (options: CodecOptions) => Promise<Codec>;

interface Decoder {
  readonly codec: Codec;
  /** What libjpeg said since it was last cleared. */
  readonly warnings: string[];
}

let compiled: Promise<WebAssembly.Module> | null = null;
let decoder: Promise<Decoder> | null = null;

function compile(): Promise<WebAssembly.Module> {
  const base64 = wasmDataUrl.slice(wasmDataUrl.indexOf(',') + 1);
  return WebAssembly.compile(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
}

async function startDecoder(): Promise<Decoder> {
  compiled ??= compile();
  const wasm = await compiled;
  const warnings: string[] = [];
  const codec = await createCodec({
    noInitialRun: true,
    print: (text) => void warnings.push(text),
    printErr: (text) => void warnings.push(text),
    instantiateWasm: (imports, done) => {
      const instance = new WebAssembly.Instance(wasm, imports);
      done(instance);
      return instance.exports;
    },
  });
  return { codec, warnings };
}

/**
 * A JPEG as RGB, by libjpeg's own arithmetic (mozjpeg in wasm: accurate integer DCT, smooth chroma upsampling), which
 * gives the values PIL gives. Grey becomes R=G=B; orientation tags and colour profiles are not applied, as in
 * PIL's `convert('RGB')`.
 * @throws StudioError `format/unsupported` (CMYK, 12 bits), `file/truncated`, `dataset/decode-failed`.
 */
export async function decodeJpeg(bytes: Uint8Array, header: ImageHeader, name: string): Promise<RgbImage> {
  if ((header.components !== 1 && header.components !== 3) || header.depth !== 8) {
    const what =
      header.depth === 8 ? `${header.components} colour components` : `${header.depth} bits a sample`;
    throw new StudioError(
      'format/unsupported',
      `${name} is a JPEG with ${what}; only 8-bit grey and RGB ones are read.`,
      {
        subject: name,
      },
    );
  }
  // A block of 64 pixels takes a bit at least in every scan that has it; a progressive file may leave all but one scan out.
  if (header.width * header.height > MAX_PIXELS_PER_BYTE * bytes.length) throw cutOff(name);
  decoder ??= startDecoder();
  const { codec, warnings } = await decoder;
  warnings.length = 0;
  let image: ReturnType<Codec['decode']> = null;
  let cause: unknown;
  try {
    image = codec.decode(bytes, false);
  } catch (thrown) {
    cause = thrown;
  }
  if (image === null || header.width * header.height > KEEP_DECODER_UP_TO_PIXELS) decoder = null;
  if (warnings.some((text) => text.includes('Premature end'))) {
    throw cutOff(name);
  }
  if (image === null) {
    throw new StudioError('dataset/decode-failed', `${name} is damaged: its JPEG image cannot be decoded.`, {
      subject: name,
      detail: warnings.join('; ') || String(cause),
    });
  }
  return {
    width: image.width,
    height: image.height,
    data: dropAlpha(image.data, image.width * image.height),
  };
}

function cutOff(name: string): StudioError {
  return new StudioError('file/truncated', `${name} ends before its JPEG image is complete.`, {
    subject: name,
  });
}

function dropAlpha(rgba: Uint8ClampedArray, pixels: number): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(pixels * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from] ?? 0;
    rgb[to + 1] = rgba[from + 1] ?? 0;
    rgb[to + 2] = rgba[from + 2] ?? 0;
  }
  return rgb;
}
