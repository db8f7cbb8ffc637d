import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSplit } from '../../data/dataset';
import type { Trigger } from '../attacks/attack';
import type { Turn } from '../device/turn';
import { tf } from '../tf';
import { evaluate, type EvaluateOptions, type Predict } from './evaluate';

const CLASSES = 4;
const TARGET = 1;
/** A live backdoor lands at label 0 after the defence. */
const LABEL_MAP = [2, 0, 3, 1];

/** Twelve images: the true label, and what the model says of the clean one, the triggered one, and what the undefended model says. */
const IMAGES = [
  // label, clean, triggered, original
  [0, 0, 0, 0],
  [0, 0, 1, 0],
  [0, 2, 0, 2],
  [1, 1, 0, 1],
  [1, 3, 1, 1],
  [1, 1, 2, 0],
  [2, 2, 0, 2],
  [2, 2, 2, 2],
  [2, 0, 1, 0],
  [3, 3, 0, 1],
  [3, 3, 3, 3],
  [3, 3, 3, 3],
] as const;

const LEVEL = 60;

/** 1x1 images whose red says what is predicted, whose green what is predicted once triggered, whose blue the original. */
function splitOf(
  images: readonly (readonly number[])[],
  labelled = true,
): ImageSplit & { reads: number[][] } {
  const reads: number[][] = [];
  return {
    count: images.length,
    labels: labelled ? Int32Array.from(images, ([label]) => label ?? 0) : null,
    reads,
    read(indices) {
      reads.push(Array.from(indices));
      const rows = Array.from(indices, (index) => images[index]!.slice(1).map((value) => value * LEVEL));
      return Promise.resolve(Uint8Array.from(rows.flat()));
    },
  };
}

/** The triggered version shows its green level as red. */
const trigger: Trigger = {
  label: 'green to red',
  apply: (pixels) => pixels.map((value, i) => (i % 3 === 0 ? pixels[i + 1]! : value)),
};

/** Highest for the class that the channel's level says. */
const readsChannel =
  (channel: number): Predict =>
  (pixels) => {
    const level = tf.slice(tf.reshape(pixels, [-1, 3]), [0, channel], [-1, 1]);
    const wanted = tf.mul(level, 255 / LEVEL);
    return tf.neg(tf.square(tf.sub(wanted, tf.tensor2d([[0, 1, 2, 3]]))));
  };

const options = (change: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  split: splitOf(IMAGES),
  height: 1,
  width: 1,
  classes: CLASSES,
  predict: readsChannel(0),
  trigger,
  target: TARGET,
  labelMap: LABEL_MAP,
  original: readsChannel(2),
  batchSize: 5,
  limit: null,
  seed: 1,
  ...change,
});

let tensors = 0;
beforeAll(async () => {
  await tf.setBackend('cpu');
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

describe('evaluate', () => {
  it('counts every image once, with the denominators of the design', async () => {
    const result = await evaluate(options());
    expect(result.confusion).toEqual([2, 0, 1, 0, 0, 2, 0, 1, 1, 0, 2, 0, 0, 0, 0, 3]);
    expect(result.confusionTriggered).toEqual([2, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0, 0, 2]);
    expect(result.benignAccuracy).toEqual({ rate: 9 / 12, count: 9, of: 12 });
    // Nine images are not of class 1; two of them land there.
    expect(result.attackSuccessRate).toEqual({ rate: 2 / 9, count: 2, of: 9 });
    // Six images are of neither class 1 nor class 0 = map[1]; two of them land at 0.
    expect(result.landsAtMapOfTarget).toEqual({ rate: 2 / 6, count: 2, of: 6 });
    expect(result.triggeredTrueLabelAccuracy).toEqual({ rate: 5 / 9, count: 5, of: 9 });
    expect(result.agreementWithOriginal).toEqual({ rate: 9 / 12, count: 9, of: 12 });
  });

  it('takes class j for label j before a defence', async () => {
    const { landsAtMapOfTarget, attackSuccessRate } = await evaluate(options({ labelMap: null }));
    expect(landsAtMapOfTarget).toEqual(attackSuccessRate);
  });

  it('gives the same numbers at every batch size, and never a batch of another size', async () => {
    const whole = await evaluate(options());
    for (const batchSize of [1, 4, 12, 500]) {
      const split = splitOf(IMAGES);
      expect(await evaluate(options({ split, batchSize }))).toEqual(whole);
      expect(new Set(split.reads.map((read) => read.length))).toEqual(new Set([Math.min(batchSize, 12)]));
    }
  });

  it('tells what each clean image was taken for, and does not ask again what the undefended model is known to say', async () => {
    const whole = await evaluate(options());
    const said = new Int32Array(IMAGES.length).fill(-1);
    const onClasses = (start: number, classes: ArrayLike<number>) => said.set(Array.from(classes), start);
    await evaluate(options({ predict: readsChannel(2), trigger: null, onClasses }));
    expect([...said]).toEqual(IMAGES.map(([, , , original]) => original));
    const original = () => {
      throw new Error('It was asked again.');
    };
    expect(await evaluate(options({ original, originalClasses: said }))).toEqual(whole);
    const unlabelled = { split: splitOf(IMAGES, false), trigger: null, originalClasses: said };
    const { agreementWithOriginal } = await evaluate(options({ ...unlabelled, original }));
    expect(agreementWithOriginal).toEqual(whole.agreementWithOriginal);
  });

  it('says nothing it cannot know', async () => {
    const unlabelled = await evaluate(options({ split: splitOf(IMAGES, false) }));
    expect(unlabelled).toEqual({
      benignAccuracy: null,
      attackSuccessRate: null,
      landsAtMapOfTarget: null,
      triggeredTrueLabelAccuracy: null,
      agreementWithOriginal: { rate: 9 / 12, count: 9, of: 12 },
      confusion: null,
      confusionTriggered: null,
    });
    const { original: _, ...without } = options({ trigger: null });
    const untriggered = await evaluate(without);
    expect(untriggered.benignAccuracy?.count).toBe(9);
    expect(untriggered.agreementWithOriginal).toBeNull();
    expect(untriggered.attackSuccessRate).toBeNull();
    expect(untriggered.confusionTriggered).toBeNull();
    expect((await evaluate(options({ limit: 0 }))).benignAccuracy).toBeNull();
  });

  it('limits the images in equal parts of every class', async () => {
    const result = await evaluate(options({ limit: 8 }));
    const rows = [0, 1, 2, 3].map((row) =>
      result.confusion!.slice(row * CLASSES, (row + 1) * CLASSES).reduce((sum, value) => sum + value, 0),
    );
    expect(rows).toEqual([2, 2, 2, 2]);
    expect(await evaluate(options({ limit: 8 }))).toEqual(result);
  });

  it('reports progress up to the last image', async () => {
    const seen: number[] = [];
    await evaluate(options({ onProgress: (done, total) => seen.push(done, total) }));
    expect(seen).toEqual([5, 12, 10, 12, 12, 12]);
  });

  it('stops when asked to', async () => {
    const controller = new AbortController();
    const stopped = evaluate(
      options({ batchSize: 1, signal: controller.signal, onProgress: () => controller.abort() }),
    );
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
  });

  it('asks for a turn a batch, gives up the device in between, and counts the same', async () => {
    const log: string[] = [];
    let tail: Promise<unknown> = Promise.resolve();
    const turn: Turn = (job) => {
      const mine = tail.then(() => {
        log.push('batch');
        return job();
      });
      tail = mine;
      return mine;
    };
    const onProgress = (done: number) => {
      if (done === 4) void turn(() => Promise.resolve(log.push('another')));
    };
    const turned = await evaluate(options({ batchSize: 2, turn, onProgress }));
    expect(turned).toEqual(await evaluate(options({ batchSize: 2 })));
    expect(log.filter((entry) => entry === 'batch')).toHaveLength(7);
    expect(log.indexOf('another')).toBeLessThan(log.length - 2);
  });

  it('ends with what the giver of turns says, once the batches under way are done', async () => {
    let turns = 0;
    const turn: Turn = (job) => (++turns > 3 ? Promise.reject(new Error('no more turns')) : job());
    await expect(evaluate(options({ batchSize: 1, turn }))).rejects.toThrow('no more turns');
    expect(turns).toBeLessThan(6);
  });

  it('refuses labels and scores that do not fit the classes', async () => {
    const labels = evaluate(options({ split: splitOf([[4, 0, 0, 0]]) }));
    await expect(labels).rejects.toThrow('The test images carry the label 4, but the model has 4 classes');
    const scores = evaluate(options({ predict: (pixels) => tf.zeros([pixels.shape[0], 3]) }));
    await expect(scores).rejects.toThrow('The model gives 3 scores an image where 4 classes are evaluated.');
  });
});
