import { z } from 'zod';
import { experimentSchema } from '../protocol/experiment';

/** What stored JSON must look like before any of it is believed; the types are those of the protocol. */
const rate = z.object({ rate: z.number(), count: z.number(), of: z.number() }).nullable();
const counts = z.array(z.number()).nullable();

const evaluation = z.object({
  benignAccuracy: rate,
  attackSuccessRate: rate,
  landsAtMapOfTarget: rate,
  triggeredTrueLabelAccuracy: rate,
  agreementWithOriginal: rate,
  confusion: counts,
  confusionTriggered: counts,
});

const point = z.object({ step: z.number(), epoch: z.number(), evaluation });

const results = z.object({
  name: z.string(),
  adapter: z.string(),
  softwareAdapter: z.boolean(),
  steps: z.number(),
  epochs: z.number(),
  secondsPerStep: z.number(),
  trainingSeconds: z.number(),
  labelMap: z.array(z.int()),
  before: evaluation.nullable(),
  after: evaluation.nullable(),
  history: z.array(point),
  blackBox: z
    .object({
      original: evaluation.nullable(),
      surrogate: evaluation.nullable(),
      surrogateDefended: evaluation.nullable(),
      defended: evaluation.nullable(),
    })
    .optional(),
});

/** A stored run without its curve and checkpoint, which are kept apart. */
export const runRecordSchema = z.object({
  id: z.string().min(1),
  /** What was trained: a defence's transform, a classifier, or a black box's surrogate. */
  kind: z.enum(['defense', 'victim', 'surrogate']).default('defense'),
  name: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  status: z.enum(['running', 'paused', 'stopped', 'done', 'failed']),
  step: z.int().nonnegative(),
  totalSteps: z.int().nonnegative(),
  before: evaluation.nullable(),
  after: evaluation.nullable(),
  experiment: experimentSchema,
  history: z.array(point),
  labelMap: z.array(z.int().nonnegative()),
  results: results.nullable(),
  /** Time spent in training steps so far, over all sittings. */
  trainingSeconds: z.number().nonnegative(),
});

/** A run as it is written; `RunStore.readRun` adds its metrics and whether it has a checkpoint. */
export type RunRecord = z.infer<typeof runRecordSchema>;

/** A piece of a run's curve, as appended. */
export const metricsChunkSchema = z.array(
  z.object({
    step: z.int(),
    epoch: z.int(),
    loss: z.number(),
    classificationLoss: z.number(),
    supconLoss: z.number(),
    learningRate: z.number(),
    stepSeconds: z.number(),
  }),
);

/** Which stored bytes are a run's checkpoint; written after the bytes, so it never names half of them. */
export const checkpointPointerSchema = z.object({
  key: z.string().min(1),
  step: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative(),
  sha256: z.string().nullable(),
  at: z.string(),
});

/** Which files a session slot holds. */
export const sessionSlotSchema = z.object({
  files: z.array(
    z.object({ path: z.string(), key: z.string(), sizeBytes: z.int().nonnegative(), type: z.string() }),
  ),
  note: z.json(),
});
