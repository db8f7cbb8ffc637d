import { useMemo } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { StoredRun } from '../../protocol/messages';
import { useRunsStore } from '../../state/runsStore';
import { useViewStore } from '../../state/viewStore';
import { STEP_TITLE, stepAxis, VALUE_AXIS } from '../charts/axes';
import chartStyles from '../charts/Chart.module.css';
import { LegendLine } from '../charts/LegendLine';
import { StepValues } from '../charts/StepValues';
import { linearTicks } from '../charts/ticks';
import { Card } from '../common/Card';
import { formatPercent, formatValue } from '../common/format';
import styles from './CompareView.module.css';
import { lossLine, type OverlayLine, type OverlayRow, overlayRows, rateLine } from './overlay';

/** The curves of two chosen runs on one pair of axes: the first drawn through, the second dashed. */
export function RunOverlay() {
  const chosen = useRunsStore((state) => state.chosen);
  const details = useRunsStore((state) => state.details);
  const [first, second] = chosen.map((id) => details[id]);
  if (!first || !second) return null;
  return (
    <div className={styles.overlays}>
      <Card title="Loss" note="total, smoothed" className={styles.overlay}>
        <LossOverlay runs={[first, second]} />
      </Card>
      <Card title="Accuracy and attack" note="at each measurement" className={styles.overlay}>
        <RateOverlay runs={[first, second]} />
      </Card>
    </div>
  );
}

type Pair = readonly [StoredRun, StoredRun];

interface Drawn {
  readonly line: OverlayLine;
  readonly name: string;
  readonly colour: string;
  readonly dashed: boolean;
}

function LossOverlay({ runs }: { readonly runs: Pair }) {
  const smoothing = useViewStore((state) => state.smoothing);
  const drawn = useMemo<Drawn[]>(
    () =>
      runs.map((run, index) => ({
        line: lossLine(run, `loss${index}`, smoothing),
        name: nameOf(runs, index),
        colour: 'var(--curve-total)',
        dashed: index === 1,
      })),
    [runs, smoothing],
  );
  return <Overlay drawn={drawn} format={formatValue} top={null} />;
}

function RateOverlay({ runs }: { readonly runs: Pair }) {
  const drawn = useMemo<Drawn[]>(
    () =>
      runs.flatMap((run, index) =>
        (['benignAccuracy', 'attackSuccessRate'] as const).map((rate) => ({
          line: rateLine(run, `${rate}${index}`, rate),
          name: `${rate === 'benignAccuracy' ? 'accuracy' : 'attack'}, ${nameOf(runs, index)}`,
          colour: rate === 'benignAccuracy' ? 'var(--clean)' : 'var(--triggered)',
          dashed: index === 1,
        })),
      ),
    [runs],
  );
  return <Overlay drawn={drawn} format={(share) => formatPercent(share, 0)} top={1} />;
}

/** Runs of one name are told apart by their order. */
function nameOf(runs: Pair, index: number): string {
  const name = runs[index]?.name ?? '';
  return runs[0].name === runs[1].name ? `${name} (${index + 1})` : name;
}

interface OverlayProps {
  readonly drawn: readonly Drawn[];
  readonly format: (value: number) => string;
  /** The top of the axis; null takes it from the values. */
  readonly top: number | null;
}

function Overlay({ drawn, format, top }: OverlayProps) {
  const lines = drawn.filter(({ line }) => line.points.length > 0);
  const rows = useMemo(() => overlayRows(drawn.map(({ line }) => line)), [drawn]);
  const last = rows.at(-1)?.step ?? 1;
  const highest = top ?? Math.max(...lines.flatMap(({ line }) => line.points.map(({ value }) => value)), 0);
  const ticks = linearTicks(0, highest || 1, 4);
  return (
    <>
      <ul className={chartStyles.legend}>
        {lines.map(({ line, name, colour, dashed }) => (
          <li key={line.key}>
            <LegendLine colour={colour} dash={dashed ? '5 3' : ''} />
            {name}
          </li>
        ))}
      </ul>
      <div className={chartStyles.plot}>
        <ResponsiveContainer width="100%" height="100%">
          <LineChart data={rows} margin={{ top: 6, right: 18, bottom: 0, left: 0 }}>
            <CartesianGrid vertical={false} stroke="var(--line)" />
            <XAxis {...stepAxis(last, 5)} {...STEP_TITLE} />
            <YAxis {...VALUE_AXIS} domain={[0, ticks.at(-1) ?? 1]} ticks={ticks} tickFormatter={format} />
            <Tooltip
              isAnimationActive={false}
              content={({ active, payload }) => (
                <Values
                  row={active ? (payload[0]?.payload as OverlayRow | undefined) : undefined}
                  drawn={lines}
                  format={format}
                />
              )}
            />
            {lines.map(({ line, name, colour, dashed }) => (
              <Line
                key={line.key}
                dataKey={line.key}
                name={name}
                stroke={colour}
                strokeWidth={1.8}
                strokeDasharray={dashed ? '5 3' : ''}
                dot={line.points.length < 40 ? { r: 2.5, fill: colour, strokeDasharray: '' } : false}
                connectNulls
                isAnimationActive={false}
              />
            ))}
          </LineChart>
        </ResponsiveContainer>
      </div>
    </>
  );
}

interface ValuesProps {
  readonly row: OverlayRow | undefined;
  readonly drawn: readonly Drawn[];
  readonly format: (value: number) => string;
}

function Values({ row, drawn, format }: ValuesProps) {
  if (row === undefined) return null;
  const lines = drawn.map(({ line, name, colour }) => ({
    key: line.key,
    name,
    colour,
    value: row[line.key],
  }));
  return <StepValues step={row.step} lines={lines} format={format} />;
}
