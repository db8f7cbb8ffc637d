import { useMemo } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { LossRow } from '../../state/lossRows';
import { useDraftStore } from '../../state/draftStore';
import { useRunStore } from '../../state/runStore';
import { useViewStore } from '../../state/viewStore';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import { formatCount, formatLive, formatValue } from '../common/format';
import styles from './Chart.module.css';
import { LossControls } from './LossControls';
import { formatStep, linearTicks, logTicks, stepTicks } from './ticks';
import { useLossRows } from './useLossRows';

/** The terms of the loss, each told apart by its dash as well as by its colour. */
const TERMS = [
  { key: 'total', raw: 'rawTotal', colour: 'var(--curve-total)', dash: '', width: 2 },
  {
    key: 'classification',
    raw: 'rawClassification',
    colour: 'var(--curve-classification)',
    dash: '',
    width: 1.7,
  },
  { key: 'supcon', raw: 'rawSupcon', colour: 'var(--curve-supcon)', dash: '5 3', width: 1.7 },
] as const;

/** The loss as it falls: total and terms apart, smoothed over the raw values. */
export function LossChart({ className }: { readonly className?: string | undefined }) {
  const smoothing = useViewStore((state) => state.smoothing);
  const draft = useDraftStore((state) => state.experiment.defense);
  const ran = useRunStore((state) => state.experiment?.defense ?? null);
  const { supconWeight: weight, classificationLoss: kind } = ran ?? draft;
  const rows = useLossRows(smoothing, weight);
  const names = {
    total: 'total',
    classification: kind === 'bce' ? 'BCE' : 'cross-entropy',
    supcon: `${weight} × SupCon`,
  };
  return (
    <Card
      title="Loss"
      note="per training step"
      actions={<LossControls />}
      className={className}
      testId="loss-chart"
    >
      <Legend names={names} last={rows.at(-1) ?? null} />
      {rows.length < 2 ? (
        <Empty title="No steps yet">
          The curves start with the first logged steps and stream while it trains.
        </Empty>
      ) : (
        <Curves rows={rows} names={names} />
      )}
    </Card>
  );
}

type Names = Readonly<Record<(typeof TERMS)[number]['key'], string>>;

/** What each line is, and its newest value: always in place, so that nothing moves when the numbers come. */
function Legend({ names, last }: { readonly names: Names; readonly last: LossRow | null }) {
  const showRate = useViewStore((state) => state.showLearningRate);
  return (
    <ul className={styles.legend}>
      {TERMS.map(({ key, colour, dash, width }) => (
        <li key={key}>
          <svg width="22" height="8" aria-hidden="true">
            <line
              x1="0"
              x2="22"
              y1="4"
              y2="4"
              stroke={colour}
              strokeDasharray={dash}
              strokeWidth={width + 0.4}
            />
          </svg>
          {names[key]}
          <b>{last === null ? '–' : formatLive(last[key])}</b>
        </li>
      ))}
      {showRate && (
        <li>
          <svg width="22" height="8" aria-hidden="true">
            <line
              x1="0"
              x2="22"
              y1="4"
              y2="4"
              stroke="var(--curve-rate)"
              strokeDasharray="1 3"
              strokeWidth="2"
            />
          </svg>
          learning rate
          <b>{last === null ? '–' : formatValue(last.learningRate)}</b>
        </li>
      )}
    </ul>
  );
}

function Curves({ rows, names }: { readonly rows: readonly LossRow[]; readonly names: Names }) {
  const logAxis = useViewStore((state) => state.logAxis);
  const showRate = useViewStore((state) => state.showLearningRate);
  const smoothing = useViewStore((state) => state.smoothing);
  const last = rows.at(-1)?.step ?? 0;
  const ticks = useMemo(() => lossTicks(rows, logAxis), [rows, logAxis]);
  const topRate = Math.max(...rows.map((row) => row.learningRate));
  return (
    <div className={styles.plot}>
      <ResponsiveContainer width="100%" height="100%">
        <LineChart data={rows} margin={{ top: 6, right: showRate ? 0 : 18, bottom: 0, left: 0 }}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="step"
            type="number"
            domain={[0, last]}
            ticks={stepTicks(last, 6)}
            tickFormatter={formatStep}
            stroke="var(--line-strong)"
            tickLine={false}
            height={36}
            label={{ value: 'step', position: 'insideBottom', offset: 3 }}
          />
          <YAxis
            width={46}
            scale={logAxis ? 'log' : 'linear'}
            domain={[ticks[0] ?? 0, ticks.at(-1) ?? 1]}
            ticks={ticks}
            tickFormatter={formatValue}
            allowDataOverflow
            axisLine={false}
            tickLine={false}
          />
          {showRate && (
            <YAxis
              yAxisId="rate"
              orientation="right"
              width={58}
              domain={[0, topRate || 1]}
              ticks={linearTicks(0, topRate || 1, 3).filter((tick) => tick <= topRate)}
              tickFormatter={formatValue}
              axisLine={false}
              tickLine={false}
            />
          )}
          <Tooltip
            isAnimationActive={false}
            content={({ active, payload }) => (
              <Values row={active ? (payload[0]?.payload as LossRow | undefined) : undefined} names={names} />
            )}
          />
          {smoothing > 0 &&
            TERMS.map(({ key, raw, colour }) => (
              <Line
                key={raw}
                dataKey={raw}
                stroke={colour}
                strokeOpacity={0.22}
                strokeWidth={1}
                dot={false}
                activeDot={false}
                isAnimationActive={false}
                name={`${names[key]}, raw`}
              />
            ))}
          {showRate && (
            <Line
              yAxisId="rate"
              dataKey="learningRate"
              stroke="var(--curve-rate)"
              strokeDasharray="1 3"
              strokeWidth={1.8}
              dot={false}
              isAnimationActive={false}
            />
          )}
          {TERMS.map(({ key, colour, dash, width }) => (
            <Line
              key={key}
              dataKey={key}
              stroke={colour}
              strokeDasharray={dash}
              strokeWidth={width}
              dot={false}
              isAnimationActive={false}
              name={names[key]}
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

function Values({ row, names }: { readonly row: LossRow | undefined; readonly names: Names }) {
  if (row === undefined) return null;
  return (
    <table className={styles.tooltip}>
      <caption>step {formatCount(row.step)}</caption>
      <thead>
        <tr>
          <td />
          <th scope="col">smoothed</th>
          <th scope="col">raw</th>
        </tr>
      </thead>
      <tbody>
        {TERMS.map(({ key, raw, colour }) => (
          <tr key={key}>
            <th scope="row">
              <i style={{ background: colour }} />
              {names[key]}
            </th>
            <td>{formatValue(row[key])}</td>
            <td>{formatValue(row[raw])}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">learning rate</th>
          <td />
          <td>{formatValue(row.learningRate)}</td>
        </tr>
      </tbody>
    </table>
  );
}

/** Ticks that hold every smoothed value; the raw ones may leave the plot, as spikes do. */
function lossTicks(rows: readonly LossRow[], logAxis: boolean): number[] {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const row of rows) {
    for (const value of [row.total, row.classification, row.supcon]) {
      if (!Number.isFinite(value)) continue;
      high = Math.max(high, value);
      if (value > 0) low = Math.min(low, value);
    }
  }
  if (!Number.isFinite(low) || high <= 0) return [0, 1];
  return logAxis ? logTicks(Math.max(low, high * 1e-6), high) : linearTicks(0, high, 5);
}
