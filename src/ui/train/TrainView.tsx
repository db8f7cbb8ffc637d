import { useDraftStore } from '../../state/draftStore';
import { useRunStore } from '../../state/runStore';
import { useViewStore } from '../../state/viewStore';
import { PairsCard } from '../blackbox/PairsCard';
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
      {view === 'settings' ? <SettingsView /> : <Dashboard />}
    </div>
  );
}

function Dashboard() {
  const drafted = useDraftStore((state) => state.experiment.model.blackBox !== null);
  const ran = useRunStore((state) =>
    state.experiment === null ? null : state.experiment.model.blackBox !== null,
  );
  return (
    <>
      {(ran ?? drafted) && <PairsCard />}
      <div className={styles.dashboard}>
        <LossChart className={styles.card} />
        <KpiCard className={styles.card} />
        <SampleGridCard className={styles.card} columns={8} />
        <TsneCard className={styles.card} />
      </div>
    </>
  );
}
