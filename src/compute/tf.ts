/**
 * The one door to tfjs. Everything in compute imports it from here, so that there is one copy of tfjs-core, the
 * WebGPU backend is ours to construct, and the fixed version (4.22.0) is named in one place.
 */
import * as tf from '@tensorflow/tfjs';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

export { tf, WebGPUBackend };
