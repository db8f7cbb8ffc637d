import { useMemo } from 'react';
import { useDraftStore } from '../../state/draftStore';
import { useRunStore } from '../../state/runStore';
import { runSeries } from '../../state/series';
import { useViewStore } from '../../state/viewStore';
import { Card } from '../common/Card';
import { LossControls } from './LossControls';
import { LossPlot, type LossTerm, TOTAL_LOSS } from './LossPlot';
import { useLossRows } from './useLossRows';

/** The loss as it falls: total and terms apart, smoothed over the raw values. */
export function LossChart({ className }: { readonly className?: string | undefined }) {
  const smoothing = useViewStore((state) => state.smoothing);
  const draft = useDraftStore((state) => state.experiment.defense);
  const ran = useRunStore((state) => state.experiment?.defense ?? null);
  const { supconWeight: weight, classificationLoss: kind } = ran ?? draft;
  const rows = useLossRows(runSeries, smoothing, weight);
  const classification = kind === 'bce' ? 'BCE' : 'cross-entropy';
  const terms = useMemo<readonly LossTerm[]>(
    () => [
      TOTAL_LOSS,
      {
        key: 'classification',
        raw: 'rawClassification',
        name: classification,
        colour: 'var(--curve-classification)',
        dash: '',
        width: 1.7,
      },
      {
        key: 'supcon',
        raw: 'rawSupcon',
        name: `${weight} × SupCon`,
        colour: 'var(--curve-supcon)',
        dash: '5 3',
        width: 1.7,
      },
    ],
    [classification, weight],
  );
  return (
    <Card
      title="Loss"
      note="per training step"
      actions={<LossControls />}
      className={className}
      testId="loss-chart"
    >
      <LossPlot rows={rows} terms={terms} />
    </Card>
  );
}
