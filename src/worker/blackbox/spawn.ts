import type { BlackBox } from '../../compute/blackbox/blackBox';
import type { OnnxBlackBoxOptions } from '../../compute/blackbox/onnxBlackBox';
import { openRemoteBlackBox } from './remoteBlackBox';

/** Opens an ONNX black box in a new worker; in a browser only. @throws StudioError as `openRemoteBlackBox`. */
export function openInWorker(options: OnnxBlackBoxOptions): Promise<BlackBox> {
  const worker = new Worker(new URL('./main.ts', import.meta.url), { type: 'module' });
  return openRemoteBlackBox(
    {
      port: worker,
      onFailure: (listener) => {
        worker.onerror = (event) => listener(event.message || 'it could not be started');
      },
      terminate: () => worker.terminate(),
    },
    options,
  );
}
