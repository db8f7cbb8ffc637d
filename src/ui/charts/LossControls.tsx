import { useViewStore } from '../../state/viewStore';
import { Segmented } from '../common/Segmented';
import styles from './Chart.module.css';

/** Smoothing, axis and what else is drawn. */
export function LossControls() {
  const smoothing = useViewStore((state) => state.smoothing);
  const logAxis = useViewStore((state) => state.logAxis);
  const showRate = useViewStore((state) => state.showLearningRate);
  return (
    <>
      <label className={styles.slider}>
        Smoothing
        <input
          type="range"
          min={0}
          max={0.99}
          step={0.01}
          value={smoothing}
          onChange={(event) => useViewStore.setState({ smoothing: Number(event.target.value) })}
          data-testid="smoothing"
        />
        <output>{smoothing.toFixed(2)}</output>
      </label>
      <label className={styles.check}>
        <input
          type="checkbox"
          checked={showRate}
          onChange={(event) => useViewStore.setState({ showLearningRate: event.target.checked })}
        />
        Rate
      </label>
      <Segmented
        label="Scale of the loss axis"
        value={logAxis ? 'log' : 'linear'}
        options={[
          { value: 'linear', label: 'Linear' },
          { value: 'log', label: 'Log' },
        ]}
        onChange={(value) => useViewStore.setState({ logAxis: value === 'log' })}
      />
    </>
  );
}
