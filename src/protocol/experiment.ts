import { z } from 'zod';
import { blackBoxSchema } from './blackBox';
import { StudioError } from './errors';
import { sweepSchema } from './sweepSchema';
import { augmentationSchema, optimizerSchema, scheduleSchema, victimTrainingSchema } from './training';

/**
 * The experiment file, version 1: what the page and `headless` both read and write. Unknown keys are an error that
 * names the key; every default is filled in by `parseExperiment`, so that `experiment.json` says what really ran.
 */

const positiveInteger = z.int().positive();
const limit = z.int().nonnegative().nullable();
const triple = z.tuple([z.number(), z.number(), z.number()]);
const positiveTriple = z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]);

/** CIFAR-10's statistics as the official code has them (METHODS 1.2). */
export const CIFAR10_NORMALIZATION = {
  mean: [0.4914, 0.4822, 0.4465],
  std: [0.2023, 0.1994, 0.201],
} as const;

const normalization = z
  .strictObject({
    mean: triple.describe('Per-channel mean of pixels in [0,1], in the order of channelOrder.'),
    std: positiveTriple.describe('Per-channel standard deviation.'),
  })
  .describe('What is subtracted and divided before the classifier sees an image.');

const model = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        'The classifier: .pth, .pt or .safetensors, relative to this file. Either this, `train` or `blackBox`.',
      ),
    train: victimTrainingSchema.nullable().default(null),
    blackBox: blackBoxSchema.nullable().default(null),
    normalization: normalization.prefault({
      mean: [...CIFAR10_NORMALIZATION.mean],
      std: [...CIFAR10_NORMALIZATION.std],
    }),
    channelOrder: z
      .enum(['RGB', 'BGR'])
      .default('RGB')
      .describe('Order of the channels the classifier was trained on (the official code reads BGR).'),
  })
  .refine((given) => [given.path, given.train, given.blackBox].filter((one) => one !== null).length === 1, {
    error: 'it wants either a path or a training recipe (train) or a black box (blackBox)',
  })
  .describe('The classifier to defend. It is never changed.');

const dataset = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .describe(
        'A data set of any kind that is read (docs/FORMATS.md), relative to this file; "drawn:signs" for the built-in signs.',
      ),
    testPath: z.string().min(1).nullable().default(null).describe('Test images, where they lie apart.'),
    transformPath: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe(
        'Other images that the transform is trained on, with or without labels, resized to those evaluated on; null: the training images.',
      ),
    train: positiveInteger
      .nullable()
      .default(null)
      .describe('How many training images are used; null: all. Chosen seeded, balanced over classes.'),
    test: limit.default(null).describe('How many test images are used; null: all.'),
  })
  .describe('Unlabelled or labelled images; labels are used for evaluation only.');

const attack = z
  .strictObject({
    kind: z.string().min(1).describe('A registered attack; they are listed below.'),
    target: z.int().nonnegative().describe('The class that triggered images are sent to.'),
    options: z.record(z.string(), z.unknown()).default({}).describe('Options of the attack, checked by it.'),
  })
  .describe('The trigger the model is tested with. Never used for any choice the defence makes.');

const mapping = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('derangement'),
      seed: z
        .int()
        .nonnegative()
        .max(0xffffffff)
        .optional()
        .describe('Seed of the shuffle; the experiment seed where absent.'),
    }),
    z.strictObject({ kind: z.literal('shift') }),
    z.strictObject({ kind: z.literal('identity') }),
    z.strictObject({ kind: z.literal('explicit'), permutation: z.array(z.int().nonnegative()) }),
  ])
  .describe('The label permutation: entry j is the label that victim class j stands for.');

/** The fields that a recipe decides where the file does not (DESIGN, "Two recipes"). */
const refineFields = {
  kind: z.literal('refine'),
  recipe: z.enum(['official', 'paper']).default('official').describe('Which defaults fill the fields below.'),
  firstChannels: positiveInteger.max(128).describe("Channels of the UNet's first level."),
  initialWeights: z
    .string()
    .min(1)
    .nullable()
    .describe('A .pth or .safetensors of the transform to start from.'),
  mapping,
  classificationLoss: z
    .enum(['bce', 'ce'])
    .describe(
      'On the remapped probabilities: binary cross-entropy (the published code) or categorical (Eq. 7).',
    ),
  supconWeight: z
    .number()
    .nonnegative()
    .describe('Weight of the supervised contrastive loss (lambda of Eq. 5).'),
  temperature: z.number().positive().describe('Of the contrastive loss (tau of Eq. 8).'),
  supconViews: z
    .union([z.literal(1), z.literal(2)])
    .describe('1: each image once (Eq. 8); 2: each image twice, as the published code has it.'),
  supconNormalize: z
    .boolean()
    .describe('Whether transformed images are L2-normalised before they are compared.'),
  supconReduction: z.enum(['mean', 'sum']).describe('Over anchors; one without positives counts 0.'),
  transformInput: z
    .enum(['normalized', 'pixels'])
    .describe('What the transform sees: normalised pixels, or pixels in [0,1].'),
  victimInput: z
    .enum(['raw', 'normalized'])
    .describe(
      'How its output goes to the classifier: as it is, or normalised as the classifier was trained.',
    ),
  optimizer: optimizerSchema.describe('As PyTorch computes it.'),
  schedule: scheduleSchema.describe(
    'Of the learning rate, as PyTorch computes it; over maxSteps if given, else over all epochs.',
  ),
  augmentation: augmentationSchema.describe(
    'Of training images. official: random resized crop, horizontal flip, grayscale.',
  ),
  batchSize: positiveInteger.describe('Images a step; the last, incomplete batch of an epoch is left out.'),
  epochs: positiveInteger.describe('Passes over the training images.'),
  maxSteps: positiveInteger.nullable().describe('Stop after so many steps; schedules then span them.'),
};

const refineDefense = z.strictObject(refineFields);
/** As a person writes it: everything but the kind may be left out. */
const refineDraft = refineDefense.partial().extend({ kind: z.literal('refine') });

const evaluate = z.strictObject({
  everyEpochs: z.int().nonnegative().default(10).describe('0: before and after only.'),
  testLimit: limit.default(null).describe('Test images used; 0: no evaluation.'),
  logEverySteps: positiveInteger
    .default(10)
    .describe('Losses are read back, and a row of metrics.csv written, every so many steps.'),
});

const inputs = z
  .strictObject({
    model: z.string().nullable(),
    dataset: z.string().nullable(),
    transformImages: z.string().nullable().optional(),
  })
  .describe('Written by the studio: SHA-256 fingerprints of the files that were used. Not read back.');

const shared = {
  version: z.literal(1).describe('Of this format.'),
  name: z.string().min(1).max(200).describe('What the run is called in lists and results.'),
  seed: z
    .int()
    .nonnegative()
    .max(0xffffffff)
    .default(666)
    .describe('Start weights, shuffles, augmentation and samples follow from it.'),
  model,
  dataset,
  attack: attack
    .nullable()
    .default(null)
    .describe(
      'The trigger the model is tested with; null: none known. No choice of the defence looks at it.',
    ),
  detector: z.null().default(null).describe('No detector is registered yet.'),
  evaluate: evaluate.prefault({}),
  inputs: inputs.optional(),
  sweep: sweepSchema.nullable().default(null),
};

/** The file as it may be written: defaults left out. */
export const experimentFileSchema = z.strictObject({ ...shared, defense: refineDraft });
/** The file as it runs: every field present. */
export const experimentSchema = z.strictObject({ ...shared, defense: refineDefense });

export type Experiment = z.infer<typeof experimentSchema>;
export type ExperimentFile = z.input<typeof experimentFileSchema>;
export type RefineSettings = z.infer<typeof refineDefense>;
export type LabelMapSettings = z.infer<typeof mapping>;
export type { OptimizerSettings, ScheduleSettings, VictimTrainingSettings } from './training';
export type AttackSettings = z.infer<typeof attack>;
export type NormalizationSettings = z.infer<typeof normalization>;
export type ModelSettings = z.infer<typeof model>;
export type RecipeName = RefineSettings['recipe'];

/** What a recipe sets (METHODS 1.1-1.5; `paper`: Eq. 5-8 and App. C.1). */
export function recipeDefaults(recipe: RecipeName, seed: number): RefineSettings {
  const common = {
    kind: 'refine',
    recipe,
    firstChannels: 64,
    initialWeights: null,
    mapping: { kind: 'derangement', seed },
    supconWeight: 0.1,
    temperature: 0.07,
    supconNormalize: true,
    supconReduction: 'mean',
    optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 0.0005 },
    schedule: { kind: 'multistep', milestones: [100, 130], gamma: 0.8 },
    batchSize: 256,
    epochs: 150,
    maxSteps: null,
  } as const satisfies Partial<RefineSettings> & { mapping: LabelMapSettings };
  const shared = {
    ...common,
    schedule: { ...common.schedule, milestones: [...common.schedule.milestones] },
  };
  return recipe === 'official'
    ? {
        ...shared,
        classificationLoss: 'bce',
        supconViews: 2,
        transformInput: 'normalized',
        victimInput: 'raw',
        augmentation: 'official',
      }
    : {
        ...shared,
        classificationLoss: 'ce',
        supconViews: 1,
        transformInput: 'pixels',
        victimInput: 'normalized',
        augmentation: 'none',
      };
}

/**
 * Checks an experiment as read from disk or from the page and fills in every default.
 * @throws StudioError `experiment/unknown-key` naming the key, or `experiment/invalid` naming the field and what it wants.
 */
export function parseExperiment(value: unknown, source = 'The experiment file'): Experiment {
  const parsed = experimentFileSchema.safeParse(value);
  if (!parsed.success) throw experimentError(parsed.error, source);
  const { defense: draft, ...rest } = parsed.data;
  const defaults = recipeDefaults(draft.recipe ?? 'official', rest.seed);
  const given = Object.fromEntries(Object.entries(draft).filter(([, entry]) => entry !== undefined));
  const defense = { ...defaults, ...given } as RefineSettings;
  if (defense.mapping.kind === 'derangement') {
    defense.mapping = { kind: 'derangement', seed: defense.mapping.seed ?? rest.seed };
  }
  const whole = experimentSchema.safeParse({ ...rest, defense });
  if (!whole.success) throw experimentError(whole.error, source);
  return whole.data;
}

/** A key is shown so far: a damaged file may have one of any length. */
const MAX_SHOWN_KEY = 120;

function experimentError(error: z.ZodError, source: string): StudioError {
  const issue = error.issues[0];
  if (!issue) return new StudioError('experiment/invalid', `${source} is not valid.`);
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const key = [path, issue.keys[0]].filter(Boolean).join('.');
    const shown = key.length > MAX_SHOWN_KEY ? `${key.slice(0, MAX_SHOWN_KEY)}…` : key;
    return new StudioError('experiment/unknown-key', `${source} has an unknown key "${shown}".`, {
      subject: key,
    });
  }
  const where = path === '' ? source : `${source}: "${path}"`;
  return new StudioError('experiment/invalid', `${where} is not valid: ${lowerFirst(issue.message)}.`, {
    ...(path === '' ? {} : { subject: path }),
  });
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replace(/\.$/, '');
}
