import { useViewStore } from '../../state/viewStore';
import type { MetricSeries } from '../../state/series';
import { Card } from '../common/Card';
import { LossControls } from './LossControls';
import { type LossTerm, LossPlot } from './LossPlot';
import { useLossRows } from './useLossRows';
import styles from './LossCard.module.css';

interface LossCardProps {
  readonly series: MetricSeries;
  /** What it is the loss of. */
  readonly note: string;
  readonly terms: readonly LossTerm[];
  readonly testId: string;
}

/** The loss of a classifier's training, streaming. */
export function LossCard({ series, note, terms, testId }: LossCardProps) {
  const smoothing = useViewStore((state) => state.smoothing);
  const rows = useLossRows(series, smoothing, 0);
  return (
    <Card title="Loss" note={note} actions={<LossControls />} className={styles.card} testId={testId}>
      <LossPlot rows={rows} terms={terms} />
    </Card>
  );
}
