/** The value at a dotted path of plain JSON; undefined where the path leads nowhere. */
export function readPath(value: unknown, path: string): unknown {
  let current = value;
  for (const key of path.split('.')) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** A copy of plain JSON with the value at a dotted path replaced; what is not on the path is shared. */
export function writePath(value: unknown, path: string, next: unknown): unknown {
  const [key, ...rest] = path.split('.');
  if (key === undefined) return next;
  const inner = rest.join('.');
  if (Array.isArray(value)) {
    const copy: unknown[] = [...(value as unknown[])];
    copy[Number(key)] = rest.length === 0 ? next : writePath(copy[Number(key)], inner, next);
    return copy;
  }
  const record = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return { ...record, [key]: rest.length === 0 ? next : writePath(record[key], inner, next) };
}

/** Every leaf of plain JSON by its dotted path; arrays count as one leaf. */
export function flatten(value: unknown, prefix = ''): Map<string, string> {
  const leaves = new Map<string, string>();
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const path = prefix === '' ? key : `${prefix}.${key}`;
      for (const [leaf, text] of flatten(inner, path)) leaves.set(leaf, text);
    }
    return leaves;
  }
  leaves.set(prefix, typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent'));
  return leaves;
}
