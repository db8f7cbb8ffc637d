import type { PreparedDefense } from '../../compute/defenses/defense';
import type { Victim } from '../../compute/victim/victim';
import type { StateDict } from '../../formats/models/stateDict';
import type { Experiment } from '../../protocol/experiment';
import type { BlackBoxResults } from '../../protocol/results';

/** A defended model: trained (or in training) here, or restored from an export. Its owner is the session. */
export interface Defended {
  readonly experiment: Experiment;
  readonly labelMap: readonly number[];
  readonly victim: Victim;
  readonly defense: PreparedDefense;
  /** Steps it was trained for, as far as that is known. */
  step(): number;
  /** The transform's weights under the official names; call it inside the GPU queue. */
  state(): Promise<StateDict>;
  /** `metrics.csv` as it stands, or null where none came with it. */
  metricsCsv(): string | null;
  /** `results.json`, or null while there are no results. */
  resultsJson(): string | null;
  /** Keeps what was measured of the black box with the run's results; absent where no run came with it. */
  keepBlackBox?(results: BlackBoxResults): Promise<void>;
  dispose(): void;
}
