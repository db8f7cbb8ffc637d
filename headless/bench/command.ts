import { openDevice } from '../../src/compute/device/device';
import { reportMarkdown } from '../../src/compute/bench/markdown';
import { runBench } from '../../src/compute/bench/runBench';
import { openWithTiles } from '../../src/compute/bench/tiles';
import { installDawn } from '../dawn';
import { loadJax } from './jax/loadJax';
import { benchOptions } from './options';
import { reportJson } from './reportJson';

/**
 * `headless bench`: the REFINE training step (official recipe, SGD) with the stock tfjs kernels, with ours, and with `--jax` in
 * @jax-js/jax, in turn in one run, so that their ratio holds on a machine whose speed drifts. Prints JSON, or with
 * `--markdown` tables; progress goes to stderr.
 *
 * `--sweep` goes through sizes, each within `--budget` seconds; `--steady N` watches memory over N steps; `--kernels-only`
 * measures every kernel by itself; `--profile` takes one step of ours apart; `--tile` names the convolutions' kernels instead of the tuned ones; `--chrome` does any of it in a headless Chrome.
 */
export async function bench(args: string[]): Promise<void> {
  const options = benchOptions(args);
  const say = (line: string): void => console.error(line);
  if (options.chrome) {
    const { benchInChrome } = await import('./chrome');
    console.log(await benchInChrome(options, process.env['REFINE_STUDIO_ROOT'] ?? process.cwd(), say));
    return;
  }
  const gpu = await installDawn();
  const report = await runBench(options, {
    openFresh: openWithTiles(() => openDevice({ gpu }), options.tile),
    peers: options.jax ? [await loadJax()] : [],
    say,
  });
  console.log(options.markdown ? reportMarkdown(report) : reportJson(report, options.byKernel));
}
