import type { PeerColumn } from '../../../src/compute/bench/sweep';
import { StudioError } from '../../../src/protocol/errors';
import { jaxVariant } from './jaxVariant';

/**
 * The column of @jax-js/jax. Loaded only when asked for; it opens a device of its own and keeps it.
 * @throws StudioError `gpu/unsupported` where the package is not installed or finds no WebGPU.
 */
export async function loadJax(): Promise<PeerColumn> {
  const jax = await import('@jax-js/jax').catch((cause: unknown) => {
    throw new StudioError(
      'gpu/unsupported',
      '--jax needs the development package @jax-js/jax, which is not installed here.',
      { cause },
    );
  });
  const devices = await jax.init('webgpu');
  if (!devices.includes('webgpu'))
    throw new StudioError('gpu/unsupported', '@jax-js/jax found no WebGPU adapter.');
  jax.defaultDevice('webgpu');
  return { name: 'jax-js', create: (work) => jaxVariant(jax, work) };
}
