import { expect, it } from 'vitest';
import { rate, type Evaluation, type RunResults } from './results';
import { sweepCsv, type SweepRow, sweepTable } from './sweepTable';

const evaluation = (correct: number): Evaluation => ({
  benignAccuracy: rate(correct, 40),
  attackSuccessRate: null,
  landsAtMapOfTarget: null,
  triggeredTrueLabelAccuracy: null,
  agreementWithOriginal: null,
  confusion: null,
  confusionTriggered: null,
});
const results: RunResults = {
  name: 'a',
  adapter: 'x',
  softwareAdapter: true,
  steps: 12,
  epochs: 1,
  secondsPerStep: 0.5,
  trainingSeconds: 6,
  labelMap: [],
  before: evaluation(39),
  after: evaluation(30),
  history: [],
};
const rows: SweepRow[] = [
  {
    id: '0-badnets',
    values: [{ key: 'attack.kind', value: 'badnets' }],
    results,
    victim: { ...results, trainingSeconds: 31.4 },
    failure: null,
  },
  {
    id: '1-odd',
    values: [{ key: 'attack.kind', value: 'a|b, "c"' }],
    results: null,
    victim: null,
    failure: 'It broke.',
  },
];

it('prints every rate with its counts, and a failure in its place', () => {
  const [head, rule, first, second] = sweepTable(rows).split('\n');
  expect(head).toMatch(/^\| attack\.kind \| BA before \| ASR before/);
  const columns = (line: string | undefined) => line?.replaceAll('\\|', '').split('|').length;
  expect(columns(rule)).toBe(columns(head));
  expect(first).toBe('| badnets | 97.50 % (39 of 40) |  | 75.00 % (30 of 40) |  |  |  | 12 | 6 | 31 |');
  expect(columns(first)).toBe(columns(head));
  expect(second).toContain('a\\|b, "c" | It broke.');
  expect(columns(second)).toBe(columns(head));
});

it('writes numbers and quotes what has to be quoted', () => {
  const [head, first, second] = sweepCsv(rows).split('\n');
  expect(head?.split(',')).toHaveLength(first?.split(',').length ?? 0);
  expect(first).toMatch(/^0-badnets,badnets,0\.975,39,40,,,,0\.75,30,40,/);
  expect(second).toMatch(/^1-odd,"a\|b, ""c""",/);
  expect(second).toMatch(/It broke\.$/);
});
