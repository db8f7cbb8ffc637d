import { z } from 'zod';

/** How networks are trained, in the experiment file: optimisers, schedules, and a victim made for the run. */

const sgd = z.strictObject({
  kind: z.literal('sgd'),
  learningRate: z.number().positive().default(0.01),
  momentum: z.number().min(0).max(1).default(0.9),
  weightDecay: z.number().nonnegative().default(0.0005),
});
const adamFields = {
  beta1: z.number().min(0).max(1).default(0.9),
  beta2: z.number().min(0).max(1).default(0.999),
  epsilon: z.number().positive().default(1e-8),
};
const adam = z.strictObject({
  kind: z.literal('adam'),
  learningRate: z.number().positive().default(0.01),
  ...adamFields,
  weightDecay: z.number().nonnegative().default(0),
});
const adamw = z.strictObject({
  kind: z.literal('adamw'),
  learningRate: z.number().positive().default(0.01),
  ...adamFields,
  weightDecay: z.number().nonnegative().default(0.01),
});
export const optimizerSchema = z.discriminatedUnion('kind', [sgd, adam, adamw]);

export const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({
    kind: z.literal('multistep'),
    milestones: z.array(z.int().positive()).describe('Epochs (0-based) at which the rate is multiplied.'),
    gamma: z.number().positive(),
  }),
  z.strictObject({ kind: z.literal('cosine') }),
  z.strictObject({
    kind: z.literal('onecycle'),
    maxLearningRate: z.number().positive(),
    pctStart: z.number().gt(0).lt(1).default(0.3),
    divFactor: z.number().positive().default(25),
    finalDivFactor: z.number().positive().default(1e4),
  }),
]);

export const augmentationSchema = z.enum(['official', 'flip', 'none']);

export type OptimizerSettings = z.infer<typeof optimizerSchema>;
export type ScheduleSettings = z.infer<typeof scheduleSchema>;

const adaptive = z
  .strictObject({
    gamma: z.number().nonnegative().default(1).describe('Weight of the REFINE loss (gamma of Eq. 10).'),
    firstChannels: z.int().positive().max(128).default(64).describe("Channels of the attacker's own UNet."),
    transformLearningRate: z.number().positive().default(0.01).describe("Of the attacker's transform."),
  })
  .describe(
    'The adaptive attacker of Eq. 10: the victim is trained against REFINE, with a transform and a label map of its own.',
  );

/**
 * A victim trained before the defence. Defaults: METHODS 2.1 (SGD 0.1, momentum 0.9, weight decay 5e-4, batch 128, 150 epochs,
 * a tenth of the rate from epochs 100 and 130, horizontal flips). The attack's own options say what is poisoned.
 */
export const victimTrainingSchema = z
  .strictObject({
    architecture: z
      .string()
      .min(1)
      .default('resnet18')
      .describe('A registered architecture; they are listed below.'),
    width: z
      .int()
      .positive()
      .max(512)
      .nullable()
      .default(null)
      .describe("Channels of the first level; null: the architecture's own."),
    initialWeights: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('A .pth or .safetensors to start from; null: fresh weights from the seed.'),
    optimizer: optimizerSchema
      .prefault({ kind: 'sgd', learningRate: 0.1 })
      .describe('As PyTorch computes it.'),
    schedule: scheduleSchema
      .prefault({ kind: 'multistep', milestones: [100, 130], gamma: 0.1 })
      .describe('Of the learning rate, over all epochs, or over maxSteps if given.'),
    augmentation: augmentationSchema.default('flip').describe('Of training images, after the trigger.'),
    batchSize: z
      .int()
      .positive()
      .default(128)
      .describe('Images a step; an incomplete last batch is left out.'),
    epochs: z.int().positive().default(150).describe('Passes over the training images.'),
    maxSteps: z.int().positive().nullable().default(null).describe('Stop after so many steps.'),
    adaptive: adaptive
      .nullable()
      .default(null)
      .describe(
        'Eq. 10: the victim is trained against REFINE, with a transform and a label map of the attacker.',
      ),
  })
  .describe('A classifier trained first, with the attack of this file, in place of a path.');

export type VictimTrainingSettings = z.infer<typeof victimTrainingSchema>;
export type AdaptiveSettings = z.infer<typeof adaptive>;
