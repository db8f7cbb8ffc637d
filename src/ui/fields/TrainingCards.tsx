import type { ReactNode } from 'react';
import type { OptimizerSettings, ScheduleSettings } from '../../protocol/training';
import { Card } from '../common/Card';
import type { FieldSpec } from './fieldSpec';
import { KindField, OPTIMIZERS, SCHEDULES } from './KindField';
import { OPTIMIZER_DEFAULTS, optimizerFields, SCHEDULE_DEFAULTS, scheduleFields } from './trainingFields';

interface TrainingCardsProps {
  readonly optimizer: OptimizerSettings;
  readonly schedule: ScheduleSettings;
  readonly onOptimizer: (optimizer: OptimizerSettings) => void;
  readonly onSchedule: (schedule: ScheduleSettings) => void;
  /** Draws one field of theirs; it is drawn under a key of its own. */
  readonly field: (spec: FieldSpec) => ReactNode;
}

/** The optimiser and the schedule of a training, whatever it trains. Another optimiser keeps the learning rate. */
export function TrainingCards(props: TrainingCardsProps) {
  const { optimizer, schedule, onOptimizer, onSchedule, field } = props;
  return (
    <>
      <Card title="Optimiser">
        <KindField
          label="Kind"
          value={optimizer.kind}
          options={OPTIMIZERS}
          onChange={(kind) =>
            onOptimizer({ ...OPTIMIZER_DEFAULTS[kind], learningRate: optimizer.learningRate })
          }
        />
        {optimizerFields(optimizer.kind).map(field)}
      </Card>
      <Card title="Schedule">
        <KindField
          label="Kind"
          value={schedule.kind}
          options={SCHEDULES}
          onChange={(kind) => onSchedule(SCHEDULE_DEFAULTS[kind])}
        />
        {scheduleFields(schedule.kind).map(field)}
      </Card>
    </>
  );
}
