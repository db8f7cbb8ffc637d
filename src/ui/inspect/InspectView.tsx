import { ConfusionCard } from '../confusion/ConfusionCard';
import { SampleGridCard } from '../grid/SampleGridCard';
import { KpiCard } from '../kpi/KpiCard';
import { TsneCard } from '../tsne/TsneCard';
import styles from './InspectView.module.css';

/** Everything to look at, large. */
export function InspectView() {
  return (
    <div className={styles.view}>
      <SampleGridCard className={styles.wide} />
      <TsneCard className={styles.features} />
      <ConfusionCard />
      <KpiCard />
    </div>
  );
}
