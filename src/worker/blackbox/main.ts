import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import { openOnnxBlackBox } from '../../compute/blackbox/onnxBlackBox';
import { StudioError } from '../../protocol/errors';
import type { BlackBoxPort } from './messages';
import { serveBlackBox } from './serveBlackBox';

/** The entry of the worker that holds an ONNX black box: the runtime comes from the page's own origin. */
serveBlackBox(self as unknown as BlackBoxPort, async (options) =>
  openOnnxBlackBox(options, await fetchRuntime()),
);

async function fetchRuntime(): Promise<Uint8Array> {
  const response = await fetch(wasmUrl);
  if (!response.ok) {
    throw new StudioError('file/missing', `onnxruntime's wasm could not be fetched (${response.status}).`);
  }
  return new Uint8Array(await response.arrayBuffer());
}
