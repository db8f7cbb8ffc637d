import createDecoder, { type MozJPEGModule } from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
// Inlined as a data URL, so that the worker's bundle and the Node build need no file beside them.
import wasmDataUrl from '@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm?url&inline';
import { StudioError } from '../../protocol/errors';
import type { ImageHeader } from './imageHeader';
import type { RgbImage } from './rgbImage';

/** A decoder whose memory grew over this many pixels is dropped afterwards: wasm memory never shrinks. */
const KEEP_DECODER_UP_TO_PIXELS = 4 * 2 ** 20;

interface Decoder {
  readonly module: MozJPEGModule;
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
  // The published type of `instantiateWasm` says Module where emscripten wants the Instance.
  const options = {
    noInitialRun: true,
    print: (text: string) => void warnings.push(text),
    printErr: (text: string) => void warnings.push(text),
    instantiateWasm: (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => {
      const instance = new WebAssembly.Instance(wasm, imports);
      done(instance);
      return instance.exports;
    },
  };
  const module = await createDecoder(options as unknown as Parameters<typeof createDecoder>[0]);
  return { module, warnings };
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
  decoder ??= startDecoder();
  const { module, warnings } = await decoder;
  warnings.length = 0;
  let image: { readonly width: number; readonly height: number; readonly data: ArrayLike<number> } | null =
    null;
  let cause: unknown;
  try {
    image = module.decode(bytes as BufferSource, false);
  } catch (thrown) {
    cause = thrown;
  }
  if (image === null || header.width * header.height > KEEP_DECODER_UP_TO_PIXELS) decoder = null;
  if (warnings.some((text) => text.includes('Premature end'))) {
    throw new StudioError('file/truncated', `${name} ends before its JPEG image is complete.`, {
      subject: name,
    });
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

function dropAlpha(rgba: ArrayLike<number>, pixels: number): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array(pixels * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4, to += 3) {
    rgb[to] = rgba[from] ?? 0;
    rgb[to + 1] = rgba[from + 1] ?? 0;
    rgb[to + 2] = rgba[from + 2] ?? 0;
  }
  return rgb;
}
