import { StudioError } from '../../../protocol/errors';
import type { StateDict, StateTensor } from '../stateDict';
import type { LayerGraph, LayerNode, LayerOp } from './layerGraph';

/** Nodes a network may have, and layers that are read for them: the deepest published classifiers have some two thousand. */
const MAX_STEPS = 20_000;

/** Collects the nodes and tensors of one file; every error it makes names the file. */
export class GraphBuilder {
  readonly nodes: LayerNode[] = [];
  readonly state = new Map<string, StateTensor>();
  /** Whether the file's writer resizes from corner to corner, as TensorFlow.js' own layers do. */
  resizesByCorners = false;
  private input: LayerGraph['inputShape'] | null = null;
  private steps = 0;

  /** @param file the file's path, for errors. */
  constructor(readonly file: string) {}

  /** Adds a node. @returns its index. @throws StudioError `file/too-large`. */
  add(layer: string, type: string, op: LayerOp, inputs: readonly number[]): number {
    this.count();
    return this.nodes.push({ layer, type, op, inputs }) - 1;
  }

  /** Counts steps that may add no node. @throws StudioError `file/too-large`. */
  count(steps = 1): void {
    this.steps += steps;
    if (this.steps > MAX_STEPS)
      throw new StudioError(
        'file/too-large',
        `${this.file} describes a network of more than ${MAX_STEPS} steps.`,
        { subject: this.file },
      );
  }

  /** Adds the one input. @throws StudioError `format/unsupported` for a second one, or for what is no image. */
  addInput(layer: string, shape: readonly (number | null)[]): number {
    if (this.input !== null)
      throw this.unsupported(`has a second input (${layer}); a classifier of images has one`);
    const [height = null, width = null, channels = null] = shape;
    if (shape.length !== 3 || channels === null)
      throw this.unsupported(
        `takes inputs of shape [${shape.map((side) => side ?? 'any').join(', ')}], not images of height, width and channels`,
      );
    for (const side of [height, width, channels])
      if (side !== null && !(Number.isInteger(side) && side > 0 && side <= 16_384))
        throw this.malformed(`asks for images with a side of ${side}`);
    this.input = [height, width, channels];
    return this.add(layer, 'InputLayer', { kind: 'input' }, []);
  }

  /** Keeps a tensor under `key`. @returns the key. */
  keep(key: string, tensor: StateTensor): string {
    this.state.set(key, tensor);
    return key;
  }

  /** The finished graph. @throws StudioError `format/malformed` without an input. */
  finish(name: string, output: number): { readonly graph: LayerGraph; readonly state: StateDict } {
    if (this.input === null) throw this.malformed('has no input that says how large its images are');
    const { nodes, used } = reachable(this.nodes, output);
    return {
      graph: { name, inputShape: this.input, nodes, output: used.get(output) ?? 0 },
      state: this.state,
    };
  }

  /** `format/unsupported`; `what` follows the file's name. */
  unsupported(what: string): StudioError {
    return new StudioError('format/unsupported', `${this.file} ${what}.`, { subject: this.file });
  }

  /** `format/malformed`; `what` follows the file's name. */
  malformed(what: string): StudioError {
    return new StudioError('format/malformed', `${this.file} ${what}.`, { subject: this.file });
  }
}

/** Only what the output needs: auxiliary heads go. */
function reachable(
  nodes: readonly LayerNode[],
  output: number,
): { readonly nodes: LayerNode[]; readonly used: ReadonlyMap<number, number> } {
  const wanted = new Set([output]);
  for (let i = nodes.length - 1; i >= 0; i--)
    if (wanted.has(i)) for (const input of nodes[i]?.inputs ?? []) wanted.add(input);
  const used = new Map<number, number>();
  const kept: LayerNode[] = [];
  nodes.forEach((node, i) => {
    if (!wanted.has(i)) return;
    used.set(i, kept.length);
    kept.push({ ...node, inputs: node.inputs.map((input) => used.get(input) ?? 0) });
  });
  return { nodes: kept, used };
}
