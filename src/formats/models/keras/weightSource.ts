import type { StateTensor } from '../stateDict';

/** A layer's place among the layers of one model. */
export interface LayerPlace {
  readonly name: string;
  readonly className: string;
  /** All layers of its model, in order, itself included. */
  readonly siblings: readonly { readonly name: string; readonly className: string }[];
}

/** Where a file keeps its layers' weights. */
export interface WeightSource {
  /**
   * A layer's tensors in Keras' order (learned ones, then the others); none where the file has none.
   * @param path from the outermost model's layer to the layer itself.
   */
  weightsOf(path: readonly LayerPlace[]): readonly StateTensor[];
}

/** A tensor under the name the file gives it, e.g. `resnet50/conv1_bn/gamma:0`. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: StateTensor;
}

/** `Conv2D` as `conv2d`, `BatchNormalization` as `batch_normalization`, as Keras names a layer after its class. */
export function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/**
 * The tensors, among `candidates`, whose names belong to the layer at `path`: the layer's name is the part before the
 * last, and of several such layers (nested models may repeat names) the one whose path has most of the outer names.
 */
export function tensorsByName(
  candidates: readonly NamedTensor[],
  path: readonly LayerPlace[],
): readonly StateTensor[] {
  const layer = path.at(-1)?.name ?? '';
  const own = candidates.filter(({ name }) => belongs(name, layer));
  const outer = path.slice(0, -1).map(({ name }) => name);
  if (outer.length === 0) {
    const direct = own.filter(({ name }) => name.startsWith(`${layer}/`));
    return (direct.length > 0 ? direct : own).map(({ tensor }) => tensor);
  }
  const score = (name: string): number => outer.filter((part) => name.split('/').includes(part)).length;
  const best = Math.max(0, ...own.map(({ name }) => score(name)));
  return own.filter(({ name }) => score(name) === best).map(({ tensor }) => tensor);
}

function belongs(name: string, layer: string): boolean {
  const parts = layer.split('/');
  const full = name.split('/');
  const at = full.length - 1 - parts.length;
  return at >= 0 && parts.every((part, i) => full[at + i] === part);
}
