import { expect, it } from 'vitest';
import { experimentReport } from './experimentReport';

const report = (more: object) =>
  experimentReport(
    JSON.stringify({
      version: 1,
      name: 'looked at',
      model: { path: 'victim.pth' },
      dataset: { path: 'drawn:signs' },
      attack: { kind: 'badnets', target: 0 },
      defense: { kind: 'refine', recipe: 'paper', epochs: 3, batchSize: 16, firstChannels: 4 },
      ...more,
    }),
    'looked-at.json',
  );

it('says what would run', () => {
  expect(report({})).toMatchObject({
    kind: 'experiment',
    counts: { runs: 1, epochs: 3, batchSize: 16, firstChannels: 4 },
    verdict: 'Valid: REFINE, paper recipe, on victim.pth with drawn:signs.',
  });
});

it('counts the runs of a sweep', () => {
  const sweep = { axes: [{ key: 'attack.kind', values: ['badnets', 'batt', 'wanet'] }] };
  expect(report({ sweep }).verdict).toMatch(/^Valid: a sweep of 3 runs, REFINE/);
});

it('takes an experiment without an attack', () => {
  expect(report({ attack: null }).counts).toMatchObject({ runs: 1 });
});

it.each([
  [{ attack: { kind: 'none', target: 0 } }, /There is no attack "none"/],
  [
    { attack: { kind: 'badnets', target: 0, options: { wide: 3 } } },
    /"wide" of the badnets .* does not exist/,
  ],
  [{ attack: { kind: 'badnets', target: 0, options: { size: 'big' } } }, /"size" .* must be a number/],
  [
    { sweep: { axes: [{ key: 'attack.kind', values: ['badnets', 'wanet9'] }] } },
    /There is no attack "wanet9"/,
  ],
])('refuses %j', (more, sentence) => {
  expect(() => report(more)).toThrow(sentence);
});
