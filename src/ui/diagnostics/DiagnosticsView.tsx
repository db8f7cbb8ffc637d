import { useEffect } from 'react';
import { useRunStore } from '../../state/runStore';
import { useDeviceStore } from '../../state/deviceStore';
import { useCommands } from '../common/CommandsContext';
import { AdapterCard } from './AdapterCard';
import { BenchCard } from './BenchCard';
import { DecodedCard } from './DecodedCard';
import styles from './Diagnostics.module.css';
import { KernelsCard } from './KernelsCard';
import { MemoryCard } from './MemoryCard';
import { StepCard } from './StepCard';

/** What computes here, in what state it is, and how fast it is. */
export function DiagnosticsView() {
  const { readDiagnostics } = useCommands();
  const status = useDeviceStore((state) => state.status);
  const phase = useRunStore((state) => state.phase);
  useEffect(() => {
    if (status === 'ready') void readDiagnostics();
  }, [status, phase, readDiagnostics]);
  return (
    <div className={styles.view} data-testid="diagnostics">
      <div className={styles.column}>
        <AdapterCard />
        <MemoryCard />
        <DecodedCard />
      </div>
      <div className={styles.column}>
        <StepCard />
        <KernelsCard />
      </div>
      <BenchCard />
    </div>
  );
}
