import { z } from 'zod';
import { optimizerSchema, scheduleSchema, type VictimTrainingSettings } from './training';

/** The black box in the experiment file (Appendix E): a classifier that gives confidences and nothing else. */

const distil = z
  .strictObject({
    architecture: z
      .string()
      .min(1)
      .default('resnet18')
      .describe('Of the surrogate: a registered architecture; they are listed below.'),
    width: z
      .int()
      .positive()
      .max(512)
      .nullable()
      .default(null)
      .describe("Channels of the first level; null: the architecture's own."),
    optimizer: optimizerSchema
      .prefault({ kind: 'adam', learningRate: 0.001 })
      .describe('As PyTorch computes it. The paper names none for the surrogate.'),
    schedule: scheduleSchema
      .prefault({ kind: 'cosine' })
      .describe('Of the learning rate, over all epochs, or over maxSteps if given.'),
    batchSize: z
      .int()
      .positive()
      .default(128)
      .describe('Images a step; an incomplete last batch is left out.'),
    epochs: z.int().positive().default(100).describe('Passes over the training images.'),
    maxSteps: z.int().positive().nullable().default(null).describe('Stop after so many steps.'),
  })
  .describe(
    'The surrogate: trained to give the black box’s confidences (mean squared difference, Appendix E) on the training images. Labels are not used, images are not augmented.',
  );

/** `model.blackBox`. Either a file, run by onnxruntime, or an address that is asked (docs/BLACKBOX.md). */
export const blackBoxSchema = z
  .strictObject({
    path: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('An ONNX file, relative to this file; only its outputs are looked at.'),
    url: z
      .string()
      .min(1)
      .max(2000)
      .nullable()
      .default(null)
      .describe(
        'An address that answers as docs/BLACKBOX.md says; https, or http on this machine. Never asked without leave (--allow-network).',
      ),
    layout: z
      .enum(['auto', 'NCHW', 'NHWC'])
      .default('auto')
      .describe('Of the ONNX input; auto: as its declared shape says, NCHW where that leaves it open.'),
    output: z
      .enum(['auto', 'logits', 'confidences'])
      .default('auto')
      .describe('What the ONNX file gives; auto: logits, unless an answer is a distribution already.'),
    encoding: z
      .enum(['float32', 'uint8'])
      .default('float32')
      .describe('How pixels are sent to the address; uint8 rounds them to 256 levels.'),
    distil: distil.prefault({}),
  })
  .refine(({ path, url }) => (path === null) !== (url === null), {
    error: 'it wants either the path of an ONNX file or a url',
  })
  .describe(
    'A classifier that gives confidences only, in place of a path: a surrogate is distilled from it, REFINE is trained on the surrogate, and both are measured.',
  );

export type BlackBoxSettings = z.infer<typeof blackBoxSchema>;
export type DistilSettings = BlackBoxSettings['distil'];

/** The surrogate's training in the words of a classifier's: fresh weights, no augmentation, no attacker. */
export function surrogateTraining(settings: DistilSettings): VictimTrainingSettings {
  return { ...settings, initialWeights: null, augmentation: 'none', adaptive: null };
}
