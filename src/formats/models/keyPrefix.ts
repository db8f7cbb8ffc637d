/** `module.module.` comes from wrapping twice; more is no wrapper. */
const MAX_PREFIXES = 4;

/**
 * Modules that wrap a whole network and so prefix every key: DataParallel's `module.`, torch.compile's `_orig_mod.`, and
 * what training frameworks call the network they hold.
 */
const WRAPPERS = ['module.', '_orig_mod.', 'model.', 'net.', 'netC.', 'network.'] as const;

/** The entries without prefixes that all keys share, in their order; the map itself where there is none. */
export function withoutPrefix<T>(
  tensors: ReadonlyMap<string, T>,
  left = MAX_PREFIXES,
): ReadonlyMap<string, T> {
  const keys = [...tensors.keys()];
  const prefix = WRAPPERS.find((one) => keys.every((key) => key.startsWith(one) && key.length > one.length));
  if (left === 0 || prefix === undefined || keys.length === 0) return tensors;
  return withoutPrefix(
    new Map([...tensors].map(([key, tensor]) => [key.slice(prefix.length), tensor])),
    left - 1,
  );
}
