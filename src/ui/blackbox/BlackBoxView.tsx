import type { BlackBoxSettings } from '../../protocol/blackBox';
import { useSurrogateLoaded } from '../../state/blackBoxStore';
import { distillation } from '../../state/surrogateStore';
import { useViewStore } from '../../state/viewStore';
import { LossControls } from '../charts/LossControls';
import { LossPlot, TOTAL_LOSS } from '../charts/LossPlot';
import { useLossRows } from '../charts/useLossRows';
import { Card } from '../common/Card';
import { ModelCard } from '../model/ModelCard';
import { NormalizationCard } from '../model/NormalizationCard';
import styles from './BlackBox.module.css';
import { DistilForm } from './DistilForm';
import { SourceCard } from './SourceCard';
import { SurrogateBar } from './SurrogateBar';
import { SurrogateResult } from './SurrogateResult';

/** A classifier that gives only confidences: where it is, and the surrogate that is distilled from what it says. */
export function BlackBoxView({ blackBox }: { readonly blackBox: BlackBoxSettings }) {
  const loaded = useSurrogateLoaded();
  return (
    <>
      <SurrogateBar />
      <div className={styles.view}>
        <div className={styles.column}>
          <SourceCard blackBox={blackBox} />
          <DistilForm distil={blackBox.distil} />
        </div>
        <div className={styles.column}>
          <Loss />
          <SurrogateResult />
          <NormalizationCard of={blackBox.url === null ? 'black box file' : 'black box address'} />
          {loaded && <ModelCard title="The model: the surrogate" />}
        </div>
      </div>
    </>
  );
}

const TERMS = [{ ...TOTAL_LOSS, name: 'squared difference' }];

function Loss() {
  const smoothing = useViewStore((state) => state.smoothing);
  const rows = useLossRows(distillation.series, smoothing, 0);
  return (
    <Card
      title="Loss"
      note="of the confidences"
      actions={<LossControls />}
      className={styles.chart}
      testId="surrogate-loss"
    >
      <LossPlot rows={rows} terms={TERMS} />
    </Card>
  );
}
