import { useDeviceStore } from '../../state/deviceStore';
import { cx } from '../common/cx';
import styles from './DeviceChip.module.css';

/** On what the studio computes, in sight at all times. */
export function DeviceChip() {
  const status = useDeviceStore((state) => state.status);
  const adapter = useDeviceStore((state) => state.adapter);
  const disabled = useDeviceStore((state) => state.kernels?.disabled) ?? [];
  const details = [
    adapter === null ? '' : `${adapter.vendor} ${adapter.architecture}`.trim(),
    ...disabled.map(({ name, reason }) => `Own kernel ${name} is switched off: ${reason}.`),
  ].filter(Boolean);
  return (
    <span className={styles.chip} title={details.join('\n')} data-testid="device-chip">
      <i className={cx(styles.dot, styles[tone(status, adapter?.software ?? false)])} aria-hidden="true" />
      <span className={styles.text}>{describe(status, adapter?.name ?? null)}</span>
      {status === 'ready' && adapter?.software && <b className={styles.software}>software</b>}
    </span>
  );
}

type Status = ReturnType<typeof useDeviceStore.getState>['status'];

function describe(status: Status, name: string | null): string {
  switch (status) {
    case 'starting':
      return 'Starting WebGPU…';
    case 'ready':
      return `WebGPU · ${name ?? ''}`;
    case 'unsupported':
      return 'No WebGPU';
    case 'no-adapter':
      return 'No GPU adapter';
    case 'lost':
      return 'GPU lost';
    case 'failed':
      return 'GPU failed';
  }
}

function tone(status: Status, software: boolean): 'good' | 'warn' | 'bad' | 'waiting' {
  if (status === 'starting') return 'waiting';
  if (status !== 'ready') return 'bad';
  return software ? 'warn' : 'good';
}
