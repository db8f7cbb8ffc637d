import { type Experiment, parseExperiment } from '../../protocol/experiment';

/** What an experiment's `dataset.path` says for the built-in signs. */
export const DRAWN_SIGNS_PATH = 'drawn:signs';
/** Where the demo's classifier lies under the page's address, and in `public/`. */
export const DEMO_VICTIM_PATH = 'demo/victim.pth';

/**
 * The embedded default: the paper's recipe with Adam on a one-cycle schedule, against a BadNets classifier trained on
 * the drawn signs (target 0, normalised as CIFAR-10 is).
 */
export function demoExperiment(): Experiment {
  return parseExperiment({
    version: 1,
    name: 'demo',
    seed: 666,
    model: { path: DEMO_VICTIM_PATH },
    dataset: { path: DRAWN_SIGNS_PATH },
    attack: { kind: 'badnets', target: 0 },
    defense: {
      kind: 'refine',
      recipe: 'paper',
      firstChannels: 8,
      classificationLoss: 'ce',
      optimizer: { kind: 'adam', learningRate: 0.01 },
      schedule: { kind: 'onecycle', maxLearningRate: 0.01 },
      augmentation: 'none',
      batchSize: 64,
      maxSteps: 200,
    },
    // Half of the test images: a software adapter would spend as long on all of them as on the training.
    evaluate: { everyEpochs: 1, testLimit: 1000, logEverySteps: 2 },
  });
}
