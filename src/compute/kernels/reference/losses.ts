/** The classification losses of row-wise softmax(logits) and the victim's `targets`, and their gradient, in float64. */
export function classificationReference(
  logits: ArrayLike<number>,
  targets: readonly number[],
  classes: number,
  kind: 'bce' | 'ce',
): { loss: number; gradient: Float64Array } {
  const gradient = new Float64Array(logits.length);
  const count = kind === 'bce' ? logits.length : targets.length;
  const indices = Array.from({ length: classes }, (_, j) => j);
  let loss = 0;
  targets.forEach((target, row) => {
    const at = (j: number): number => logits[row * classes + j] ?? Number.NaN;
    const top = indices.reduce((largest, j) => Math.max(largest, at(j)), -Infinity);
    const total = indices.reduce((sum, j) => sum + Math.exp(at(j) - top), 0);
    const p = indices.map((j) => Math.exp(at(j) - top) / total);
    // d loss / d p, then through the softmax.
    const slope = p.map((q, j) => {
      const y = j === target ? 1 : 0;
      return kind === 'bce' ? (q - y) / Math.max(q * (1 - q), 1e-12) : -y / q;
    });
    const mean = slope.reduce((sum, d, j) => sum + d * (p[j] ?? 0), 0);
    p.forEach((q, j) => {
      if (j === target) loss -= Math.max(Math.log(q), kind === 'bce' ? -100 : -Infinity);
      else if (kind === 'bce') loss -= Math.max(Math.log(1 - q), -100);
      gradient[row * classes + j] = (q * ((slope[j] ?? 0) - mean)) / count;
    });
  });
  return { loss: loss / count, gradient };
}

/** Settings of `supconReference`. */
export interface SupconReferenceOptions {
  readonly temperature: number;
  readonly views: number;
  readonly normalize: boolean;
}

/**
 * The supervised contrastive loss of every image as an anchor (0 without positives) and the gradient of `scale` times their
 * sum in the images, in float64, written over `views` copies of every image.
 */
export function supconReference(
  images: ArrayLike<number>,
  labels: readonly number[],
  { temperature, views, normalize }: SupconReferenceOptions,
  scale: number,
): { losses: Float64Array; gradient: Float64Array } {
  const n = labels.length;
  const size = images.length / n;
  const rows = labels.map((_, i) =>
    Float64Array.from({ length: size }, (_value, k) => images[i * size + k] ?? 0),
  );
  const dot = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
  const lengths = rows.map((row) => (normalize ? Math.max(Math.sqrt(dot(row, row)), 1e-12) : 1));
  const z = rows.map((row, i) => row.map((value) => value / (lengths[i] ?? 1)));
  const losses = new Float64Array(n);
  const dz = rows.map(() => new Float64Array(size));
  labels.forEach((label, i) => {
    const self = z[i] ?? new Float64Array(size);
    const others = Array.from({ length: views * n }, (_, copy) => copy).filter((copy) => copy !== i);
    const same = others.filter((copy) => labels[copy % n] === label).length;
    if (same === 0) return;
    const s = z.map((one) => dot(self, one) / temperature);
    const at = (copy: number): number => s[copy % n] ?? Number.NaN;
    const top = others.reduce((largest, copy) => Math.max(largest, at(copy)), -Infinity);
    const total = others.reduce((sum, copy) => sum + Math.exp(at(copy) - top), 0);
    losses[i] = Math.log(total) + top;
    for (const copy of others) {
      const positive = labels[copy % n] === label ? 1 / same : 0;
      losses[i] = (losses[i] ?? 0) - positive * at(copy);
      const pull = (scale * (Math.exp(at(copy) - top) / total - positive)) / temperature;
      const other = z[copy % n] ?? self;
      for (let k = 0; k < size; k++) {
        const [mine, theirs] = [dz[i], dz[copy % n]];
        if (mine) mine[k] = (mine[k] ?? 0) + pull * (other[k] ?? 0);
        if (theirs) theirs[k] = (theirs[k] ?? 0) + pull * (self[k] ?? 0);
      }
    }
  });
  const gradient = new Float64Array(n * size);
  dz.forEach((d, i) => {
    const unit = z[i] ?? d;
    const radial = normalize ? dot(d, unit) : 0;
    d.forEach((value, k) => {
      gradient[i * size + k] = (value - radial * (unit[k] ?? 0)) / (lengths[i] ?? 1);
    });
  });
  return { losses, gradient };
}
