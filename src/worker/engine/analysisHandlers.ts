import { proposeNormalization } from '../../compute/analysis/proposeNormalization';
import { atOnce, type Turn } from '../../compute/device/turn';
import { chooseImages, sampleGrid, toBytes } from '../../compute/analysis/sampleGrid';
import { drawLabelMap } from '../../compute/refine/labelMap';
import { toUnitFloats } from '../../data/pixels';
import { StudioError } from '../../protocol/errors';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import type { RequestName } from '../../protocol/messages';
import type { Evaluation } from '../../protocol/results';
import type { Handlers, RequestContext } from '../rpc';
import type { EngineContext } from './engine';
import { evaluationBatch, type EngineDevice } from './engineDevice';
import { evaluateDefended, evaluateOriginal, type EvaluationOptions } from './evaluation';
import { strip } from './loadDataset';
import { originalOf } from './session';
import { tsneAnalysis } from './tsneAnalysis';

type Names = Extract<
  RequestName,
  | `analysis/${string}`
  | `evaluate/${string}`
  | 'model/propose-normalization'
  | 'map/preview'
  | 'trigger/preview'
>;

/** Labelled images on which ways to feed the model are tried. */
const PROPOSAL_SAMPLE = { hardware: 256, software: 64 } as const;
const PROPOSAL_SEED = 1;
/** The page shows no more images side by side. */
const MAX_IMAGES = 64;

const NO_TEST_IMAGES: Evaluation = {
  benignAccuracy: null,
  attackSuccessRate: null,
  landsAtMapOfTarget: null,
  triggeredTrueLabelAccuracy: null,
  agreementWithOriginal: null,
  confusion: null,
  confusionTriggered: null,
};

/** What is looked at and measured. Jobs on the device wait their turn; during a run that is between two steps, in an evaluation between two batches. */
export function analysisHandlers(engine: EngineContext): Pick<Handlers, Names> {
  const { session, queue, runs } = engine;

  const batchOn = ({ open }: EngineDevice): number => {
    const { height, width } = session.requireDataset().dataset;
    return evaluationBatch(open.adapter.software, height, width);
  };
  const evaluation = async (
    { progress }: RequestContext,
    make: (options: EvaluationOptions) => Promise<Evaluation | null>,
    wholeInOneTurn = false,
  ): Promise<Evaluation> => {
    const signal = engine.cancellable();
    const batchSize = batchOn(await engine.device());
    const onProgress = (done: number, total: number) => progress(done, total, 'Evaluating');
    const turn: Turn = (job) => queue.run(job, signal);
    const made = wholeInOneTurn
      ? await turn(() => make({ batchSize, signal, onProgress, turn: atOnce }))
      : await make({ batchSize, signal, onProgress, turn });
    return made ?? NO_TEST_IMAGES;
  };
  const asked = (draft: Experiment): Experiment => {
    const experiment = parseExperiment(draft, 'The experiment');
    session.experiment = experiment;
    return experiment;
  };

  return {
    'evaluate/before'({ experiment: draft }, context) {
      session.requireModel();
      const experiment = asked(draft);
      return evaluation(context, (options) => evaluateOriginal(session, experiment, options));
    },
    'evaluate/after'(_params, context) {
      const defended = session.requireDefended();
      // A transform in training must stand still while it is measured.
      const training = runs.active !== null;
      return evaluation(context, (options) => evaluateDefended(session, defended, options), training);
    },
    async 'analysis/grid'({ count }) {
      session.requireModel();
      const { dataset } = session.requireDataset();
      await engine.device();
      return queue.run(async () => {
        const { defended } = session;
        const experiment = session.experimentOrDefault();
        const victim = defended?.victim ?? session.victimFor(experiment.model);
        return sampleGrid({
          step: defended?.step() ?? 0,
          dataset,
          split: session.displaySplit(),
          count: Math.min(count, MAX_IMAGES),
          seed: experiment.seed,
          trigger: await session.triggerFor(experiment),
          original: originalOf(victim),
          defense: defended?.defense ?? null,
        });
      });
    },
    async 'analysis/tsne'(request, { progress }) {
      session.requireModel();
      const device = await engine.device();
      const options = {
        device: device.open.device,
        batchSize: batchOn(device),
        signal: engine.cancellable(),
        onProgress: progress,
      };
      return queue.run(() => tsneAnalysis(session, request, options), options.signal);
    },
    'analysis/cancel'() {
      engine.cancel();
      return null;
    },
    async 'model/propose-normalization'({ channelOrder }, { progress }) {
      session.requireModel();
      const { dataset, summary } = session.requireDataset();
      const device = await engine.device();
      const signal = engine.cancellable();
      const { software } = device.open.adapter;
      return queue.run(
        () =>
          proposeNormalization({
            classifier: session.victimFor(session.experimentOrDefault().model).network,
            dataset,
            statistics: summary,
            channelOrder,
            sample: software ? PROPOSAL_SAMPLE.software : PROPOSAL_SAMPLE.hardware,
            batchSize: batchOn(device),
            seed: PROPOSAL_SEED,
            signal,
            onProgress: (done, total) => progress(done, total, 'Trying normalisations'),
          }),
        signal,
      );
    },
    'map/preview': ({ settings, classes, seed }) => ({ map: drawLabelMap(settings, classes, seed) }),
    async 'trigger/preview'({ experiment: draft, count }) {
      const experiment = asked(draft);
      const { dataset } = session.requireDataset();
      const trigger = await session.triggerFor(experiment);
      if (!trigger) {
        throw new StudioError(
          'trigger/invalid',
          'This experiment names no attack, so there is no trigger to show.',
          {
            subject: 'attack',
          },
        );
      }
      const split = session.displaySplit();
      const chosen = chooseImages(split, Math.min(count, MAX_IMAGES), experiment.seed);
      const clean = await strip(dataset, split, chosen);
      const triggered = toBytes(trigger.apply(toUnitFloats(clean.pixels), clean.count));
      return { clean, triggered: { ...clean, pixels: triggered } };
    },
  };
}
