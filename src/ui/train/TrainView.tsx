import { useViewStore } from '../../state/viewStore';
import { LossChart } from '../charts/LossChart';
import { SampleGridCard } from '../grid/SampleGridCard';
import { KpiCard } from '../kpi/KpiCard';
import { TsneCard } from '../tsne/TsneCard';
import { RunBar } from './RunBar';
import { SettingsView } from './SettingsView';
import styles from './TrainView.module.css';

/** The run: its bar, and below it either everything it shows or everything it is set to. */
export function TrainView() {
  const view = useViewStore((state) => state.trainView);
  return (
    <div className={styles.view}>
      <RunBar />
      {view === 'settings' ? (
        <SettingsView />
      ) : (
        <div className={styles.dashboard}>
          <LossChart className={styles.card} />
          <KpiCard className={styles.card} />
          <SampleGridCard className={styles.card} columns={8} />
          <TsneCard className={styles.card} />
        </div>
      )}
    </div>
  );
}
