import * as ort from 'onnxruntime-web';

/** What onnxruntime says: its outputs by name. Node only, on its wasm, one thread. */
export async function runOrt(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>,
): Promise<Record<string, Float32Array>> {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'disabled',
  });
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, shape }]) => [
      name,
      new ort.Tensor('float32', data, [...shape]),
    ]),
  );
  const results = await session.run(tensors);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Float32Array.from(data as Float32Array)]),
  );
}
