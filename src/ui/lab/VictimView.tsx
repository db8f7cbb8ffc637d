import { useViewStore } from '../../state/viewStore';
import { victimSeries } from '../../state/victimStore';
import { LossControls } from '../charts/LossControls';
import { LossPlot, TOTAL_LOSS } from '../charts/LossPlot';
import { useLossRows } from '../charts/useLossRows';
import { Card } from '../common/Card';
import { RecipeForm } from './RecipeForm';
import { RecipePresets } from './RecipePresets';
import styles from './Victim.module.css';
import { VictimBar } from './VictimBar';
import { VictimResult } from './VictimResult';

/** A classifier with a backdoor: its recipe, its training, and what came of it. */
export function VictimView() {
  return (
    <>
      <VictimBar />
      <div className={styles.view}>
        <div className={styles.column}>
          <RecipePresets />
          <RecipeForm />
        </div>
        <div className={styles.column}>
          <VictimLoss />
          <VictimResult />
        </div>
      </div>
    </>
  );
}

const TERMS = [{ ...TOTAL_LOSS, name: 'loss' }];

function VictimLoss() {
  const smoothing = useViewStore((state) => state.smoothing);
  const rows = useLossRows(victimSeries, smoothing, 0);
  return (
    <Card
      title="Loss"
      note="of the classifier"
      actions={<LossControls />}
      className={styles.chart}
      testId="victim-loss"
    >
      <LossPlot rows={rows} terms={TERMS} />
    </Card>
  );
}
