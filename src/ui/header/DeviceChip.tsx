import { useDeviceStore } from '../../state/deviceStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { cx } from '../common/cx';
import styles from './DeviceChip.module.css';

/** On what the studio computes, in sight at all times; opens the diagnostics. */
export function DeviceChip() {
  const status = useDeviceStore((state) => state.status);
  const adapter = useDeviceStore((state) => state.adapter);
  const opening = useDeviceStore((state) => state.opening);
  const disabled = useDeviceStore((state) => state.kernels?.disabled) ?? [];
  const open = useViewStore((state) => state.step === 'diagnostics');
  const details = [
    adapter === null ? '' : `${adapter.vendor} ${adapter.architecture}`.trim(),
    ...disabled.map(({ name, reason }) => `Own kernel ${name} is switched off: ${reason}.`),
  ].filter(Boolean);
  return (
    <button
      type="button"
      className={styles.chip}
      title={[...details, 'Diagnostics and benchmark'].join('\n')}
      aria-current={open ? 'page' : undefined}
      onClick={() => goTo('diagnostics')}
      data-testid="device-chip"
    >
      <i className={cx(styles.dot, styles[tone(status, adapter?.software ?? false)])} aria-hidden="true" />
      <span className={styles.text}>{describe(status, adapter?.name ?? null, opening)}</span>
      {status === 'ready' && adapter?.software && <b className={styles.software}>software</b>}
    </button>
  );
}

type Status = ReturnType<typeof useDeviceStore.getState>['status'];

function describe(
  status: Status,
  name: string | null,
  opening: { readonly done: number; readonly total: number } | null,
): string {
  switch (status) {
    case 'starting':
      return opening === null
        ? 'Starting WebGPU…'
        : `Starting WebGPU: kernel ${opening.done} of ${opening.total}`;
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
