import { useMemo } from 'react';
import {
  CartesianGrid,
  Line,
  LineChart,
  ReferenceLine,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from 'recharts';
import type { Evaluation, EvaluationPoint } from '../../protocol/results';
import { useRunStore } from '../../state/runStore';
import { formatPercent } from '../common/format';
import { stepAxis, VALUE_AXIS } from './axes';
import styles from './Chart.module.css';
import { LegendLine } from './LegendLine';
import { StepValues } from './StepValues';
import { formatStep } from './ticks';

interface RateRow {
  readonly step: number;
  readonly accuracy: number | null;
  readonly attack: number | null;
  readonly agreement: number | null;
}

const LINES = [
  { key: 'accuracy', name: 'benign accuracy', colour: 'var(--clean)', dash: '' },
  { key: 'attack', name: 'attack success', colour: 'var(--triggered)', dash: '6 3' },
  { key: 'agreement', name: 'agreement', colour: 'var(--curve-total)', dash: '2 3' },
] as const;

/** The run's rates at every measurement; dotted levels are the model without the defence. */
export function RatesChart() {
  const history = useRunStore((state) => state.history);
  const before = useRunStore((state) => state.before);
  const last = useRunStore((state) => state.progress.step);
  const known = useRunStore((state) => state.experiment?.attack != null);
  return <RatesPlot history={history} before={before} last={last} levels="no defence" agreement={!known} />;
}

interface RatesPlotProps {
  readonly history: readonly EvaluationPoint[];
  /** What the dotted levels are of. */
  readonly before: Evaluation | null;
  readonly levels: string;
  /** Where the axis ends at least. */
  readonly last: number;
  /** Whether agreement is drawn too. */
  readonly agreement: boolean;
}

/** Accuracy and attack success at every measurement, over levels to compare them with. */
export function RatesPlot({ history, before, levels, last, agreement }: RatesPlotProps) {
  const rows = useMemo<RateRow[]>(
    () =>
      history.map(({ step, evaluation }) => ({
        step,
        accuracy: evaluation.benignAccuracy?.rate ?? null,
        attack: evaluation.attackSuccessRate?.rate ?? null,
        agreement: agreement ? (evaluation.agreementWithOriginal?.rate ?? null) : null,
      })),
    [history, agreement],
  );
  const end = Math.max(last, rows.at(-1)?.step ?? 0, 1);
  const drawn = LINES.filter(({ key }) => rows.some((row) => row[key] !== null));
  return (
    <>
      <ul className={styles.legend}>
        {drawn.map(({ key, name, colour, dash }) => (
          <li key={key}>
            <LegendLine colour={colour} dash={dash}>
              <Mark kind={key} x={11} y={4} colour={colour} />
            </LegendLine>
            {name}
          </li>
        ))}
        <li>
          <LegendLine colour="var(--muted)" dash="1 3" width={1.6} />
          {levels}
        </li>
      </ul>
      <div className={styles.plot} style={{ minBlockSize: 80 }}>
        <ResponsiveContainer width="100%" height="100%">
          <LineChart data={rows} margin={{ top: 6, right: 18, bottom: 0, left: 0 }}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis
              {...stepAxis(end, 4)}
              tickFormatter={(step: number) => (step === 0 ? 'step 0' : formatStep(step))}
              height={20}
            />
            <YAxis
              {...VALUE_AXIS}
              domain={[0, 1]}
              ticks={[0, 0.25, 0.5, 0.75, 1]}
              tickFormatter={(share: number) => formatPercent(share, 0)}
            />
            {before?.benignAccuracy && <Level at={before.benignAccuracy.rate} colour="var(--clean)" />}
            {before?.attackSuccessRate && (
              <Level at={before.attackSuccessRate.rate} colour="var(--triggered)" />
            )}
            <Tooltip
              isAnimationActive={false}
              content={({ active, payload }) => (
                <Values row={active ? (payload[0]?.payload as RateRow | undefined) : undefined} />
              )}
            />
            {drawn.map(({ key, name, colour, dash }) => (
              <Line
                key={key}
                dataKey={key}
                name={name}
                stroke={colour}
                strokeDasharray={dash}
                strokeWidth={2}
                isAnimationActive={false}
                dot={({ cx, cy, index }: { cx?: number; cy?: number; index?: number }) => (
                  <Mark key={index} kind={key} x={cx ?? 0} y={cy ?? 0} colour={colour} />
                )}
              />
            ))}
          </LineChart>
        </ResponsiveContainer>
      </div>
    </>
  );
}

function Level({ at, colour }: { readonly at: number; readonly colour: string }) {
  return <ReferenceLine y={at} stroke={colour} strokeDasharray="1 3" strokeWidth={1.6} />;
}

/** Circles for accuracy, diamonds for attack success, so that colour is not the only sign. */
function Mark({
  kind,
  x,
  y,
  colour,
}: {
  kind: (typeof LINES)[number]['key'];
  x: number;
  y: number;
  colour: string;
}) {
  return kind === 'attack' ? (
    <path d={`M${x} ${y - 4}L${x + 4} ${y}L${x} ${y + 4}L${x - 4} ${y}Z`} fill={colour} />
  ) : (
    <circle cx={x} cy={y} r={3} fill={colour} />
  );
}

function Values({ row }: { readonly row: RateRow | undefined }) {
  if (row === undefined) return null;
  const lines = LINES.map((line) => ({ ...line, value: row[line.key] }));
  return <StepValues step={row.step} lines={lines} format={formatPercent} />;
}
