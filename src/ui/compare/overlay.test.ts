import { describe, expect, it } from 'vitest';
import type { StoredRun } from '../../protocol/messages';
import { rate } from '../../protocol/results';
import { freshExperiment } from '../../state/presets';
import { differences } from './ConfigDiff';
import { lossLine, overlayRows, rateLine } from './overlay';

const run: StoredRun = {
  id: 'a',
  kind: 'defense',
  name: 'a',
  createdAt: '',
  updatedAt: '',
  status: 'done',
  step: 1000,
  totalSteps: 1000,
  hasCheckpoint: false,
  before: null,
  after: null,
  experiment: freshExperiment(),
  metrics: Array.from({ length: 1000 }, (_, index) => ({
    step: index + 1,
    epoch: 0,
    loss: 1000 / (index + 1),
    classificationLoss: 0,
    supconLoss: 0,
    learningRate: 0,
    stepSeconds: 0,
  })),
  history: [
    {
      step: 500,
      epoch: 0,
      evaluation: {
        benignAccuracy: rate(60, 100),
        attackSuccessRate: null,
        landsAtMapOfTarget: null,
        triggeredTrueLabelAccuracy: null,
        agreementWithOriginal: null,
        confusion: null,
        confusionTriggered: null,
      },
    },
  ],
  labelMap: [],
  results: null,
};

describe('overlay of runs', () => {
  it('draws a long curve with few points, ends kept', () => {
    const { points } = lossLine(run, 'a', 0);
    expect(points).toHaveLength(300);
    expect([points[0], points.at(-1)]).toEqual([
      { step: 1, value: 1000 },
      { step: 1000, value: 1 },
    ]);
  });

  it('leaves out what was not measured', () => {
    expect(rateLine(run, 'a', 'benignAccuracy').points).toEqual([{ step: 500, value: 0.6 }]);
    expect(rateLine(run, 'a', 'attackSuccessRate').points).toEqual([]);
  });

  it('puts lines of different steps on common rows', () => {
    const one = {
      key: 'a',
      points: [
        { step: 10, value: 1 },
        { step: 20, value: 2 },
      ],
    };
    const other = {
      key: 'b',
      points: [
        { step: 10, value: 5 },
        { step: 15, value: 6 },
      ],
    };
    expect(overlayRows([one, other])).toEqual([
      { step: 10, a: 1, b: 5 },
      { step: 15, b: 6 },
      { step: 20, a: 2 },
    ]);
  });

  it('names the settings that differ and no others', () => {
    const other = { ...run.experiment, seed: 7, attack: { kind: 'badnets', target: 1, options: {} } };
    const paths = differences(run.experiment, other).map(({ path }) => path);
    expect(paths).toEqual(['seed', 'attack', 'attack.kind', 'attack.target']);
    expect(differences(run.experiment, run.experiment)).toEqual([]);
  });
});
