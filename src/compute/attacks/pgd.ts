import { StudioError } from '../../protocol/errors';
import { gpuFence } from '../refine/gpuFence';
import { classesAsTheyAre, labelCrossEntropy } from '../refine/labelCrossEntropy';
import { atOnce, type Turn } from '../device/turn';
import { tf } from '../tf';
import type { Victim } from '../victim/victim';

/** Projected gradient descent in the max norm, untargeted, from the image itself (Madry et al. 2018). */
export interface PgdOptions {
  /** Largest change of a pixel value, pixels in [0,1]. */
  readonly epsilon: number;
  readonly stepSize: number;
  readonly steps: number;
  /** `trained`: pixels go through the victim's own normalisation. `pixels`: as they are, as the published code has it. */
  readonly input: 'trained' | 'pixels';
  readonly signal?: AbortSignal;
  /** How each step comes to the device; at once where absent. */
  readonly turn?: Turn;
}

/** Steps whose GPU work may be unfinished while the next one is recorded. */
const STEPS_IN_FLIGHT = 2;

/**
 * Changes images so that the victim's cross-entropy on `labels` grows: x ← clamp(x + α · sign(∇x loss)) into the ε-ball about the
 * original and into [0,1], `steps` times. The victim's own input pipeline is part of what is differentiated.
 * @param pixels float32 RGB in [0,1], [labels.length, height, width, 3]; left alone. A new array is returned.
 * @throws StudioError `aborted` where the signal fires, and what ends the turns.
 */
export async function pgd(
  victim: Pick<Victim, 'classes' | 'forwardPixels' | 'forwardRaw' | 'toModelPixels'>,
  pixels: Float32Array,
  size: { readonly height: number; readonly width: number },
  labels: Int32Array,
  options: PgdOptions,
): Promise<Float32Array> {
  const { epsilon, stepSize, steps, input, signal, turn = atOnce } = options;
  const ball = await turn(() => Promise.resolve(ballAround(pixels, size, labels, epsilon, victim.classes)));
  const gradient = tf.grad((x) => {
    const image = x as tf.Tensor4D;
    const { logits } =
      input === 'trained' ? victim.forwardPixels(image) : victim.forwardRaw(victim.toModelPixels(image));
    return labelCrossEntropy(logits, ball.classes, ball.inverse);
  });
  const fences: Promise<void>[] = [];
  let current: tf.Tensor = ball.original.clone();
  try {
    for (let step = 0; step < steps; step++) {
      if (signal?.aborted) throw new StudioError('aborted', 'The attack was stopped.');
      await turn(async () => {
        const next = tf.tidy(() => {
          const slope = gradient(current);
          const way = tf.sub(tf.cast(tf.greater(slope, 0), 'float32'), tf.cast(tf.less(slope, 0), 'float32'));
          const moved = tf.add(current, tf.mul(way, stepSize));
          return tf.minimum(tf.maximum(moved, ball.lowest), ball.highest);
        });
        current.dispose();
        current = next;
        fences.push(gpuFence());
        if (fences.length > STEPS_IN_FLIGHT) await fences.shift();
      });
    }
    return await turn(async () => (await current.data()) as Float32Array);
  } finally {
    await Promise.allSettled(fences);
    tf.dispose([...Object.values(ball), current]);
  }
}

/** What the descent starts from and stays within; the caller disposes all of it. */
function ballAround(
  pixels: Float32Array,
  { height, width }: { readonly height: number; readonly width: number },
  labels: Int32Array,
  epsilon: number,
  classes: number,
) {
  return tf.tidy(() => {
    const original = tf.tensor4d(pixels, [labels.length, height, width, 3]);
    return {
      original,
      classes: tf.tensor1d(labels, 'int32'),
      inverse: classesAsTheyAre(classes),
      lowest: tf.maximum(tf.sub(original, epsilon), 0),
      highest: tf.minimum(tf.add(original, epsilon), 1),
    };
  });
}
