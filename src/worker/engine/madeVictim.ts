import type { StateDict } from '../../formats/models/stateDict';
import type { Experiment } from '../../protocol/experiment';

/** A classifier made here: trained, or in training. Its owner is the session. */
export interface MadeVictim {
  readonly experiment: Experiment;
  /** A black box's surrogate, or a classifier for its own sake. */
  readonly role: 'victim' | 'surrogate';
  /** Its weights as they are now; call it inside the GPU queue. */
  state(): Promise<StateDict>;
  /** `metrics.csv` of its training. */
  metricsCsv(): string;
  /** `results.json`, or null while there are no results. */
  resultsJson(): string | null;
  dispose(): void;
}
