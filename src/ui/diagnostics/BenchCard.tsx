import { useBusy } from '../../state/busy';
import { useDeviceStore } from '../../state/deviceStore';
import {
  askedOf,
  BENCH_CHOICES,
  type BenchChoice,
  suitingChoice,
  toggled,
  useDiagnosticsStore,
} from '../../state/diagnosticsStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Progress } from '../common/Progress';
import { Segmented } from '../common/Segmented';
import { BenchResults } from './BenchResults';
import styles from './Diagnostics.module.css';

const LISTS = [
  ['channels', 'UNet channels'],
  ['width', 'Victim width'],
  ['batch', 'Batch'],
] as const;

/** Stock tfjs against our kernels on this adapter, measured here. */
export function BenchCard() {
  const { runBench, cancelBench } = useCommands();
  const software = useDeviceStore((state) => state.adapter?.software ?? true);
  const ready = useDeviceStore((state) => state.status === 'ready');
  const choice = useDiagnosticsStore((state) => state.choice) ?? suitingChoice(software);
  const running = useDiagnosticsStore((state) => state.bench.kind === 'loading');
  const busy = useBusy();
  const set = (next: BenchChoice) => useDiagnosticsStore.setState({ choice: next });
  const count = askedOf(choice)?.sizes.length ?? 0;
  return (
    <Card
      title="Benchmark"
      note="stock tfjs and our kernels in turn, on a device of their own"
      className={styles.bench}
      testId="bench"
      actions={
        running ? (
          <Button onClick={() => void cancelBench()}>Stop</Button>
        ) : (
          <Button
            tone="primary"
            onClick={() => void runBench()}
            disabled={!ready || busy !== null || count === 0}
            title={busy === null ? undefined : 'Something is under way; stop it to measure.'}
          >
            Measure
          </Button>
        )
      }
    >
      <fieldset className={styles.form} disabled={running}>
        <Segmented
          label="What is measured"
          value={choice.kind}
          options={[
            { value: 'steps', label: 'Whole steps' },
            { value: 'kernels', label: 'Single kernels' },
          ]}
          onChange={(kind) =>
            set({ ...choice, kind, batch: kind === 'kernels' ? choice.batch.slice(0, 1) : choice.batch })
          }
        />
        {LISTS.filter(([list]) => choice.kind === 'steps' || list === 'batch').map(([list, name]) => (
          <Values
            key={list}
            name={name}
            values={BENCH_CHOICES[list]}
            chosen={choice[list]}
            onToggle={(value) => set(toggled(choice, list, value))}
          />
        ))}
        <Values
          name={choice.kind === 'steps' ? 'Steps' : 'Rounds'}
          values={BENCH_CHOICES.steps}
          chosen={[choice.steps]}
          onToggle={(steps) => set({ ...choice, steps })}
        />
      </fieldset>
      <Line count={choice.kind === 'steps' ? count : 0} software={software} />
      <BenchResults />
    </Card>
  );
}

interface ValuesProps {
  readonly name: string;
  readonly values: readonly number[];
  readonly chosen: readonly number[];
  readonly onToggle: (value: number) => void;
}

function Values({ name, values, chosen, onToggle }: ValuesProps) {
  return (
    <div className={styles.values} role="group" aria-label={name}>
      <span>{name}</span>
      {values.map((value) => (
        <button
          key={value}
          type="button"
          aria-pressed={chosen.includes(value)}
          onClick={() => onToggle(value)}
        >
          {value}
        </button>
      ))}
    </div>
  );
}

/** How far the benchmark is, or what it would be. */
function Line({ count, software }: { readonly count: number; readonly software: boolean }) {
  const bench = useDiagnosticsStore((state) => state.bench);
  if (bench.kind === 'loading') {
    const { done, total, note } = bench.progress ?? { done: 0, total: null, note: 'Opening a device' };
    return (
      <div className={styles.line} role="status">
        <Progress label="Benchmark" done={done} total={total} />
        <span>{note}</span>
      </div>
    );
  }
  if (bench.kind === 'failed') return <p className={styles.off}>{bench.error.message}</p>;
  const sizes = count > 1 ? `${count} sizes, each for two minutes at most. ` : '';
  const slow = software ? 'Larger sizes take minutes on a software adapter.' : '';
  return <p className={styles.line}>{`${sizes}${slow}`}</p>;
}
