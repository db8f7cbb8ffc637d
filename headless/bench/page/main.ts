import type { PageRequest, WorkerMessage } from './messages';

declare global {
  interface Window {
    /** Runs a benchmark in a worker of its own; whoever drives the page calls it. Lines of progress go to the console. */
    runBench: (request: PageRequest) => Promise<string>;
  }
}

window.runBench = (request) =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (data.kind === 'line') console.log(data.text);
      else if (data.kind === 'report') resolve(data.text);
      else reject(new Error(data.text));
    };
    worker.postMessage(request);
  });
