import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../src/protocol/results';
import { blackBoxTable } from './report';

const evaluation = (right: number, hit: number): Evaluation => ({
  benignAccuracy: { rate: right / 10, count: right, of: 10 },
  attackSuccessRate: { rate: hit / 8, count: hit, of: 8 },
  landsAtMapOfTarget: null,
  triggeredTrueLabelAccuracy: null,
  agreementWithOriginal: null,
  confusion: null,
  confusionTriggered: null,
});

describe('blackBoxTable', () => {
  it('has a line for each of the four models, with both rates and their counts', () => {
    const table = blackBoxTable({
      original: evaluation(9, 8),
      surrogate: evaluation(8, 1),
      surrogateDefended: evaluation(7, 0),
      defended: null,
    });
    const lines = table.split('\n').map((line) => line.trim().replace(/ {2,}/g, '|'));
    expect(lines).toEqual([
      'BA|ASR',
      'black box|90.00 % (9 of 10)|100.00 % (8 of 8)',
      'surrogate|80.00 % (8 of 10)|12.50 % (1 of 8)',
      'surrogate + REFINE|70.00 % (7 of 10)|0.00 % (0 of 8)',
      'black box + REFINE',
    ]);
  });
});
