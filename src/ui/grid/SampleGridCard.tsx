import { Fragment } from 'react';
import type { SampleGrid } from '../../protocol/messages';
import { useAnalysisStore } from '../../state/analysisStore';
import { useClassNames } from '../../state/classNames';
import { hasTransform, isLive, useRunStore } from '../../state/runStore';
import { gridKey, gridShelf } from '../../state/shelves';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { cx } from '../common/cx';
import { Empty } from '../common/Empty';
import { formatCount, formatPercent } from '../common/format';
import { PixelImage } from '../common/PixelImage';
import { useShelf } from '../common/useShelf';
import { judge } from './judge';
import styles from './SampleGridCard.module.css';

const ROWS = {
  clean: { name: 'clean', colour: 'clean' },
  triggered: { name: 'triggered', colour: 'triggered' },
  'transformed-clean': { name: 'transformed clean', colour: 'clean' },
  'transformed-triggered': { name: 'transformed triggered', colour: 'triggered' },
} as const;

interface SampleGridCardProps {
  readonly className?: string | undefined;
  /** The most images of a row that are shown. */
  readonly columns?: number;
}

/** The same images four ways, with what is predicted for each (the paper's Fig. 6 to 8), at any step that was kept. */
export function SampleGridCard({ className, columns = 16 }: SampleGridCardProps) {
  const steps = useAnalysisStore((state) => state.gridSteps);
  const chosen = useAnalysisStore((state) => state.gridStep);
  const step = chosen ?? steps.at(-1) ?? null;
  const grid = useShelf(gridShelf, gridKey(step ?? -1));
  return (
    <Card
      title="What the model sees"
      note={step === null ? undefined : `step ${formatCount(step)}`}
      actions={
        grid !== null && (
          <>
            <Legend />
            <StepSlider steps={steps} step={step ?? 0} />
          </>
        )
      }
      className={className}
      testId="sample-grid"
    >
      {grid === null ? <NoGrid /> : <Grid grid={grid} columns={Math.min(columns, grid.labels.length)} />}
    </Card>
  );
}

function Legend() {
  const known = useRunStore((state) => state.experiment?.attack != null);
  const marks = [
    ['right', '✓', 'true label'],
    ['wrong', '✕', 'another'],
    ...(known ? ([['target', '▲', 'target']] as const) : []),
  ] as const;
  return (
    <ul className={styles.legend} aria-label="Marks of the predictions">
      {marks.map(([kind, sign, name]) => (
        <li key={kind} className={cx(styles.badge, styles[kind])}>
          <i>{sign}</i>
          {name}
        </li>
      ))}
    </ul>
  );
}

function NoGrid() {
  const { refreshGrid } = useCommands();
  const stored = useRunStore((state) => state.stored);
  const canAsk = useRunStore((state) => hasTransform(state) && !isLive(state.phase));
  const loading = useAnalysisStore((state) => state.grid.kind === 'loading');
  return (
    <Empty title="No images yet">
      <p>
        {stored
          ? 'This run is read back from storage: go on with it, and its images can be drawn.'
          : 'Clean and triggered images, before and after the transform, with what the model makes of each.'}
      </p>
      {canAsk && (
        <Button onClick={() => void refreshGrid()} disabled={loading} data-testid="grid-refresh">
          {loading ? 'Drawing…' : 'Draw them now'}
        </Button>
      )}
    </Empty>
  );
}

function StepSlider({ steps, step }: { readonly steps: readonly number[]; readonly step: number }) {
  const last = steps.length - 1;
  const at = Math.max(0, steps.indexOf(step));
  const set = (index: number) =>
    useAnalysisStore.setState({ gridStep: index >= last ? null : (steps[index] ?? null) });
  return (
    <label className={styles.slider}>
      <span className="sr-only">Step of the images</span>
      <input
        type="range"
        min={0}
        max={Math.max(1, last)}
        value={at}
        disabled={last === 0}
        aria-valuetext={`step ${step}`}
        onChange={(event) => set(Number(event.target.value))}
        data-testid="grid-step"
      />
      <output>{at === last ? 'newest' : `${at + 1} / ${steps.length}`}</output>
    </label>
  );
}

function Grid({ grid, columns }: { readonly grid: SampleGrid; readonly columns: number }) {
  const names = useClassNames();
  const target = useRunStore((state) => state.experiment?.attack?.target ?? null);
  const nameOf = (index: number | null | undefined) =>
    index === null || index === undefined ? '?' : (names[index] ?? `class ${index}`);
  return (
    <div className={styles.scroll} tabIndex={0} role="group" aria-label="Images and predictions">
      <div
        className={styles.grid}
        style={{ gridTemplateColumns: `92px repeat(${columns}, minmax(48px, 1fr))` }}
      >
        {grid.rows.map((row) => (
          <Fragment key={row.kind}>
            <span className={styles.row} data-colour={ROWS[row.kind].colour}>
              {ROWS[row.kind].name}
            </span>
            {row.predictions.slice(0, columns).map((prediction, index) => {
              const label = grid.labels[index] ?? null;
              const verdict = judge({
                prediction,
                label,
                target,
                triggered: row.kind.endsWith('triggered'),
              });
              const sure = row.confidences[index];
              const words = `${nameOf(label)}, ${ROWS[row.kind].name}: predicted ${nameOf(prediction)}${
                sure === undefined ? '' : `, ${formatPercent(sure, 0)} sure`
              }, ${verdict.words}`;
              return (
                <div key={index} className={styles.cell}>
                  <PixelImage strip={row.images} index={index} label={words} />
                  <span className={cx(styles.badge, styles[verdict.kind])} aria-hidden="true">
                    <i>{verdict.sign}</i>
                    <span>{nameOf(prediction)}</span>
                  </span>
                </div>
              );
            })}
          </Fragment>
        ))}
      </div>
    </div>
  );
}
