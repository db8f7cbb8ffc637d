import { type MemorySample, useDiagnosticsStore } from '../../state/diagnosticsStore';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import { formatBytes, formatCount, formatDuration } from '../common/format';
import styles from './Diagnostics.module.css';
import { memoryCurve } from './memoryCurve';

const bytesOf = (sample: MemorySample): number => sample.gpuBytes;
const tensorsOf = (sample: MemorySample): number => sample.tensors;

/** What the engine held on the GPU since the page was opened. */
export function MemoryCard() {
  const samples = useDiagnosticsStore((state) => state.memory);
  const { minutes } = memoryCurve(samples, bytesOf);
  return (
    <Card title="Memory" note={minutes > 0 ? `the last ${formatDuration(minutes * 60)}` : undefined}>
      {samples.length < 2 ? (
        <Empty title="Read every five seconds.">
          Tensors and GPU buffers over time: both stay flat while a run trains.
        </Empty>
      ) : (
        <div className={styles.curves}>
          <Curve name="GPU buffers" samples={samples} value={bytesOf} format={formatBytes} />
          <Curve name="Tensors" samples={samples} value={tensorsOf} format={formatCount} />
        </div>
      )}
    </Card>
  );
}

interface CurveProps {
  readonly name: string;
  readonly samples: readonly MemorySample[];
  readonly value: (sample: MemorySample) => number;
  readonly format: (value: number) => string;
}

function Curve({ name, samples, value, format }: CurveProps) {
  const { path, most } = memoryCurve(samples, value);
  const now = samples.at(-1);
  const words = `${now ? format(value(now)) : '–'} now, ${format(most)} at most`;
  return (
    <figure className={styles.curve}>
      <figcaption>
        {name} <span>{words}</span>
      </figcaption>
      <svg viewBox="0 -4 1000 108" preserveAspectRatio="none" role="img" aria-label={`${name}: ${words}`}>
        <path d={path} vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}
