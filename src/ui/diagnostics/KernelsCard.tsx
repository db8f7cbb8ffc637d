import type { KernelReport } from '../../protocol/diagnostics';
import { useDeviceStore } from '../../state/deviceStore';
import { useDiagnosticsStore } from '../../state/diagnosticsStore';
import { Card } from '../common/Card';
import styles from './Diagnostics.module.css';
import { Facts } from './Facts';

const SOURCES: Readonly<Record<KernelReport['tiles']['source'], string>> = {
  measured: 'timed at this start',
  stored: 'timed at an earlier start',
  'not-measured': 'not timed: software adapters do best with register tiles',
};

/** Own kernels, those that failed their self-check first, and the tiles of the convolutions. */
export function KernelsCard() {
  const ready = useDeviceStore((state) => state.kernels);
  const report = useDiagnosticsStore((state) => state.report);
  const { active, disabled } = report ?? ready ?? { active: [], disabled: [] };
  const total = active.length + disabled.length;
  return (
    <Card title="Kernels" note={`${active.length} of ${total} of our own in use`}>
      {disabled.map(({ name, reason }) => (
        <p key={name} className={styles.off}>
          <b>{name}</b> is switched off, the stock one is used: {reason}.
        </p>
      ))}
      <ul className={styles.names} aria-label="Own kernels in use">
        {active.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
      {report && <Tiles {...report.tiles} />}
    </Card>
  );
}

function Tiles({ chosen, source, precision, subgroups, dropped }: KernelReport['tiles']) {
  return (
    <>
      <h3 className={styles.heading}>
        Tiles of the convolutions <small>{SOURCES[source]}</small>
      </h3>
      <Facts
        rows={[
          ...chosen.map(
            ({ shapes, tile, ms }) =>
              [shapeWords(shapes), ms === null ? tile : `${tile} · ${ms.toFixed(2)} ms`] as const,
          ),
          ['Precision', precision],
          ['Subgroup sums', subgroups ? 'on' : 'off'],
        ]}
      />
      {dropped.map(({ shapes, tile, reason }) => (
        <p key={`${shapes} ${tile}`} className={styles.off}>
          <b>{tile}</b> is not used for {shapeWords(shapes).toLowerCase()}: {reason}.
        </p>
      ))}
    </>
  );
}

/** "Convolution, wide" */
function shapeWords(shapes: string): string {
  const [task = '', width = ''] = shapes.split('/');
  return `${task === 'filter' ? 'Weight gradient' : 'Convolution'}, ${width}`;
}
