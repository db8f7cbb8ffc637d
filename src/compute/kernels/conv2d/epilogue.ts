import type { tf } from '../../tf';
import { ints, type Components, type Dispatch, type KernelUniform } from '../host';
import { quadLoader, times } from './wgsl';

/** No rectifier, max(0, .), or min(6, max(0, .)). */
export type Rectifier = boolean | 6;

/** What follows a convolution's sum, in this order. */
export interface ConvEpilogue {
  /** Added, per output channel. */
  readonly bias?: tf.TensorInfo | undefined;
  /** Added; shaped like the output. */
  readonly addend?: tf.TensorInfo | undefined;
  readonly relu?: Rectifier | undefined;
  /** The result is zero where this, shaped like the output, is not above zero: the gradient of a ReLU that gave it. */
  readonly mask?: tf.TensorInfo | undefined;
  /** The mask came from a ReLU6: the result is zero where it is not below six, too. */
  readonly maskSix?: boolean | undefined;
}

/**
 * The inputs that `epilogue` reads. What it does without is stood in for by `unread`, any other input of the dispatch: one
 * source serves all.
 */
export function epilogueInputs(
  after: ConvEpilogue,
  unread: tf.TensorInfo,
  components: Components,
): Dispatch['inputs'] {
  const { bias = unread, addend = unread, mask = unread } = after;
  return [
    { name: 'bias', tensor: bias, components },
    { name: 'addend', tensor: addend, components },
    { name: 'mask', tensor: mask, components },
  ];
}

/** The uniform `after` that `epilogue` reads: which of its parts are there. */
export function epilogueUniform({ bias, relu, addend, mask, maskSix }: ConvEpilogue): KernelUniform {
  return ints(bias ? 1 : 0, relu === 6 ? 2 : relu ? 1 : 0, addend ? 1 : 0, mask ? (maskSix ? 2 : 1) : 0);
}

/** WGSL in front of `main` for `epilogue`. */
export function epilogueLoaders(components: Components): string {
  return ['bias', 'addend', 'mask'].map((name) => quadLoader(name, components)).join('\n');
}

/**
 * WGSL that finishes `var sum : vec4<f32>`, channels 4 quad .. 4 quad + 3 of row `at` of a tensor of `limit` channels, as
 * `uniforms.after` says. `quad`, `at` and `limit` are WGSL; a quad past the end may be asked for.
 */
export function finish(at: string, quad: string, limit: string): string {
  return `
    if (uniforms.after.x > 0) { sum += load_bias(0, min(${quad}, (${limit} - 1) / 4), ${limit}); }
    if (uniforms.after.z > 0) { sum += load_addend(${at}, ${quad}, ${limit}); }
    if (uniforms.after.y > 0) { sum = select(sum, vec4<f32>(0.0), sum < vec4<f32>(0.0)); }
    if (uniforms.after.y > 1) { sum = min(sum, vec4<f32>(6.0)); }
    if (uniforms.after.w > 0) {
      let gate = load_mask(${at}, ${quad}, ${limit});
      let ceiling = select(3.4e38, 6.0, uniforms.after.w > 1);
      sum = select(vec4<f32>(0.0), sum, (gate > vec4<f32>(0.0)) & (gate < vec4<f32>(ceiling)));
    }`;
}

/** What `epilogue` needs to know of the code in front of it. */
export interface EpilogueTile {
  /** Accumulators a{pixel}_{quad} are in scope. */
  readonly pixels: number;
  readonly quads: number;
  /** WGSL: the first pixel of the tile that exists, and the one behind the last. */
  readonly first: string;
  readonly end: string;
  /** WGSL: the row of pixel 0, the first quad, the number of channels. */
  readonly row: string;
  readonly quad: string;
  readonly limit: string;
}

/**
 * WGSL that finishes and stores a tile as `uniforms.after` says. A loop over an array of the accumulators, although their
 * number is known: unrolled, its bounds checks made lavapipe compile four times as long.
 */
export function epilogue(t: EpilogueTile): string {
  const names = times(t.pixels).flatMap((m) => times(t.quads).map((q) => `a${m}_${q}`));
  return `
  var sums = array<vec4<f32>, ${names.length}>(${names.join(', ')});
  for (var i = (${t.first}) * ${t.quads}; i < (${t.end}) * ${t.quads}; i++) {
    let at = ${t.row} + i / ${t.quads};
    let channels = ${t.quad} + i % ${t.quads};
    var sum = sums[i];
${finish('at', 'channels', t.limit)}
    store(at, channels, ${t.limit}, sum);
  }`;
}
