import { useMemo } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';
import type { LossRow } from '../../state/lossRows';
import { useViewStore } from '../../state/viewStore';
import { Empty } from '../common/Empty';
import { formatCount, formatLive, formatValue } from '../common/format';
import { STEP_TITLE, stepAxis, VALUE_AXIS } from './axes';
import styles from './Chart.module.css';
import { LegendLine } from './LegendLine';
import { linearTicks, logTicks } from './ticks';

/** A term of the loss, told apart by its dash as well as by its colour. */
export interface LossTerm {
  readonly key: 'total' | 'classification' | 'supcon';
  readonly raw: 'rawTotal' | 'rawClassification' | 'rawSupcon';
  readonly name: string;
  readonly colour: string;
  readonly dash: string;
  readonly width: number;
}

export const TOTAL_LOSS: LossTerm = {
  key: 'total',
  raw: 'rawTotal',
  name: 'total',
  colour: 'var(--curve-total)',
  dash: '',
  width: 2,
};

interface LossPlotProps {
  readonly rows: readonly LossRow[];
  readonly terms: readonly LossTerm[];
}

/** The terms of a loss as they fall: a legend with the newest values, smoothed curves over the raw ones. */
export function LossPlot({ rows, terms }: LossPlotProps) {
  return (
    <>
      <Legend terms={terms} last={rows.at(-1) ?? null} />
      {rows.length < 2 ? (
        <Empty title="No steps yet">
          The curves start with the first logged steps and stream while it trains.
        </Empty>
      ) : (
        <Curves rows={rows} terms={terms} />
      )}
    </>
  );
}

/** What each line is, and its newest value: always in place, so that nothing moves when the numbers come. */
function Legend({ terms, last }: { readonly terms: readonly LossTerm[]; readonly last: LossRow | null }) {
  const showRate = useViewStore((state) => state.showLearningRate);
  return (
    <ul className={styles.legend}>
      {terms.map(({ key, name, colour, dash, width }) => (
        <li key={key}>
          <LegendLine colour={colour} dash={dash} width={width + 0.4} />
          {name}
          <b>{last === null ? '–' : formatLive(last[key])}</b>
        </li>
      ))}
      {showRate && (
        <li>
          <LegendLine colour="var(--curve-rate)" dash="1 3" />
          learning rate
          <b>{last === null ? '–' : formatValue(last.learningRate)}</b>
        </li>
      )}
    </ul>
  );
}

function Curves({ rows, terms }: LossPlotProps) {
  const logAxis = useViewStore((state) => state.logAxis);
  const showRate = useViewStore((state) => state.showLearningRate);
  const smoothing = useViewStore((state) => state.smoothing);
  const last = rows.at(-1)?.step ?? 0;
  const ticks = useMemo(() => lossTicks(rows, terms, logAxis), [rows, terms, logAxis]);
  const topRate = Math.max(...rows.map((row) => row.learningRate));
  return (
    <div className={styles.plot}>
      <ResponsiveContainer width="100%" height="100%">
        <LineChart data={rows} margin={{ top: 6, right: showRate ? 0 : 18, bottom: 0, left: 0 }}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis {...stepAxis(last, 6)} {...STEP_TITLE} />
          <YAxis
            {...VALUE_AXIS}
            scale={logAxis ? 'log' : 'linear'}
            domain={[ticks[0] ?? 0, ticks.at(-1) ?? 1]}
            ticks={ticks}
            tickFormatter={formatValue}
            allowDataOverflow
          />
          {showRate && (
            <YAxis
              {...VALUE_AXIS}
              yAxisId="rate"
              orientation="right"
              width={58}
              domain={[0, topRate || 1]}
              ticks={linearTicks(0, topRate || 1, 3).filter((tick) => tick <= topRate)}
              tickFormatter={formatValue}
            />
          )}
          <Tooltip
            isAnimationActive={false}
            content={({ active, payload }) => (
              <Values row={active ? (payload[0]?.payload as LossRow | undefined) : undefined} terms={terms} />
            )}
          />
          {smoothing > 0 &&
            terms.map(({ name, raw, colour }) => (
              <Line
                key={raw}
                dataKey={raw}
                stroke={colour}
                strokeOpacity={0.22}
                strokeWidth={1}
                dot={false}
                activeDot={false}
                isAnimationActive={false}
                name={`${name}, raw`}
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
          {terms.map(({ key, name, colour, dash, width }) => (
            <Line
              key={key}
              dataKey={key}
              stroke={colour}
              strokeDasharray={dash}
              strokeWidth={width}
              dot={false}
              isAnimationActive={false}
              name={name}
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

function Values({ row, terms }: { readonly row: LossRow | undefined; readonly terms: readonly LossTerm[] }) {
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
        {terms.map(({ key, name, raw, colour }) => (
          <tr key={key}>
            <th scope="row">
              <i style={{ background: colour }} />
              {name}
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
function lossTicks(rows: readonly LossRow[], terms: readonly LossTerm[], logAxis: boolean): number[] {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const row of rows) {
    for (const value of terms.map(({ key }) => row[key])) {
      if (!Number.isFinite(value)) continue;
      high = Math.max(high, value);
      if (value > 0) low = Math.min(low, value);
    }
  }
  if (!Number.isFinite(low) || high <= 0) return [0, 1];
  return logAxis ? logTicks(Math.max(low, high * 1e-6), high) : linearTicks(0, high, 5);
}
