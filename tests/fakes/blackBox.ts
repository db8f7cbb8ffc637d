import type { BlackBoxTrial } from '../../src/protocol/messages';
import { type BlackBoxResults, rate } from '../../src/protocol/results';
import { fakeEvaluation } from './answers';
import { fakeStrip } from './pictures';

/** What the fake black box says of one image: no figure here was ever measured. */
export function fakeTrial(): BlackBoxTrial {
  const confidences = [0.71, 0.12, 0.05, 0.04, 0.03, 0.02, 0.01, 0.01, 0.005, 0.005];
  return { image: fakeStrip([0], 31), confidences, seconds: 0.041 };
}

/** Four pairs as Table 11 has them, invented. */
export function fakePairs(): BlackBoxResults {
  const original = fakeEvaluation(1, false);
  const defended = fakeEvaluation(1, true);
  return {
    original,
    surrogate: { ...original, benignAccuracy: rate(1962, 2000), attackSuccessRate: rate(1771, 1800) },
    surrogateDefended: defended,
    defended: { ...defended, benignAccuracy: rate(1918, 2000), attackSuccessRate: rate(63, 1800) },
  };
}
