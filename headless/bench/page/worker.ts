import { reportMarkdown } from '../../../src/compute/bench/markdown';
import { runBench } from '../../../src/compute/bench/runBench';
import { openWithTiles } from '../../../src/compute/bench/tiles';
import { openDevice } from '../../../src/compute/device/device';
import { asStudioError } from '../../../src/protocol/errors';
import { loadJax } from '../jax/loadJax';
import { reportJson } from '../reportJson';
import type { PageRequest, WorkerMessage } from './messages';

const say = (message: WorkerMessage): void => self.postMessage(message);

async function run(request: PageRequest): Promise<void> {
  try {
    const report = await runBench(request, {
      openFresh: openWithTiles(() => openDevice(), request.tile),
      peers: request.jax ? [await loadJax()] : [],
      say: (text) => say({ kind: 'line', text }),
    });
    const text = request.markdown ? reportMarkdown(report) : reportJson(report, request.byKernel);
    say({ kind: 'report', text });
  } catch (thrown) {
    const { message, detail } = asStudioError(thrown);
    say({ kind: 'failed', text: detail && detail !== message ? `${message} (${detail})` : message });
  }
}

self.onmessage = ({ data }: MessageEvent<PageRequest>) => void run(data);
