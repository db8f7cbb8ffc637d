import { defineFamily } from './family';
import type { BoundNetwork, LayerOps } from './network';

const STEM = 'inc.double_conv.0.weight';

const SPEC = { kernel: 3, stride: 1, pad: 1, bias: true } as const;
const THEN = { relu: true };

/** Two 3x3 convolutions with bias, batch-norm and ReLU; keys as `nn.Sequential` counts them (0, 1, 3, 4). */
function doubleConv<T>(ops: LayerOps<T>, x: T, key: string, filters: number): T {
  const first = ops.convNorm(x, `${key}.0`, `${key}.1`, { ...SPEC, filters }, THEN);
  return ops.convNorm(first, `${key}.3`, `${key}.4`, { ...SPEC, filters }, THEN);
}

function down<T>(ops: LayerOps<T>, x: T, level: number, filters: number): T {
  return doubleConv(ops, ops.maxPool(x, 2, 2), `down${level}.maxpool_conv.1.double_conv`, filters);
}

/** The skip connection comes first among the channels; it has as many of them as what comes from below. */
function up<T>(ops: LayerOps<T>, x: T, skip: T, level: number, skipChannels: number, filters: number): T {
  const key = `up${level}.conv.double_conv`;
  const parts = [skip, ops.padTo(ops.upsample2x(x), skip)] as const;
  const spec = { ...SPEC, filters: skipChannels };
  const first = ops.concatConvNorm(parts, `${key}.0`, `${key}.1`, spec, THEN);
  return ops.convNorm(first, `${key}.3`, `${key}.4`, { ...SPEC, filters }, THEN);
}

/**
 * REFINE's input transformation, `UNetLittle(c)` of the official code (METHODS 1.1): 3 to 3 channels, five levels,
 * bilinear upsampling, raw output (the caller clamps to [0,1]). The key names and shapes are the official ones.
 *
 * @param firstChannels c, any positive whole number.
 * @param size [H, W] of the images, 16 at least; sizes that are no multiple of 16 are padded on the way up.
 */
export function unet(firstChannels: number, size: readonly [number, number] = [32, 32]): BoundNetwork {
  const c = firstChannels;
  return {
    id: 'unet',
    label: `UNet, ${c} first channels`,
    inputShape: [size[0], size[1], 3],
    classes: null,
    forward: (ops, x) => {
      const x1 = doubleConv(ops, x, 'inc.double_conv', c);
      const x2 = down(ops, x1, 1, 2 * c);
      const x3 = down(ops, x2, 2, 4 * c);
      const x4 = down(ops, x3, 3, 8 * c);
      const x5 = down(ops, x4, 4, 8 * c);
      const y4 = up(ops, x5, x4, 1, 8 * c, 4 * c);
      const y3 = up(ops, y4, x3, 2, 4 * c, 2 * c);
      const y2 = up(ops, y3, x2, 3, 2 * c, c);
      const y1 = up(ops, y2, x1, 4, c, c);
      const output = ops.conv(y1, 'outc.conv', { filters: 3, kernel: 1, stride: 1, pad: 0, bias: true });
      return { output, features: null };
    },
  };
}

/** The transform's family; its size is read from the stem's filters. */
export const unetFamily = defineFamily({
  id: 'unet',
  noun: "REFINE's UNet",
  role: 'transform',
  propose: (state) => {
    const filters = state.get(STEM)?.shape[0];
    return filters === undefined || filters < 1 ? null : unet(filters);
  },
});
