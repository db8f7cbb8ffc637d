import type { MetricsRow } from '../../protocol/results';

/** What training tells its consumer. One `step` event a step, and an `epoch` event after an epoch's last step. */
export type TrainEvent =
  | {
      readonly kind: 'step';
      /** Steps done. */
      readonly step: number;
      /** 0-based epoch that the step belonged to. */
      readonly epoch: number;
      /** Present on logged steps only: reading losses back makes the CPU wait for the GPU. */
      readonly row: MetricsRow | null;
    }
  | {
      readonly kind: 'epoch';
      readonly step: number;
      /** Epochs done. */
      readonly epochs: number;
    };
