import { useMemo, useState } from 'react';
import type { TsneResult } from '../../protocol/messages';
import { useAnalysisStore } from '../../state/analysisStore';
import { useClassNames } from '../../state/classNames';
import { hasTransform, useRunStore } from '../../state/runStore';
import { tsneShelf } from '../../state/shelves';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import { formatCount } from '../common/format';
import { Segmented } from '../common/Segmented';
import { useShelf } from '../common/useShelf';
import { useThemeName } from '../theme/useThemeName';
import { commonBounds } from './layout';
import { classColour } from './palette';
import { Scatter } from './Scatter';
import styles from './TsneCard.module.css';
import { TsneControls } from './TsneControls';

/** Penultimate features embedded in the plane, without and with the defence, on the same axes. */
export function TsneCard({ className }: { readonly className?: string | undefined }) {
  const summary = useAnalysisStore((state) => state.tsne);
  const result = useShelf(tsneShelf, 'tsne');
  const [colourBy, setColourBy] = useState<'trigger' | 'class'>('trigger');
  const note = summary === null ? 't-SNE' : `t-SNE at step ${formatCount(summary.step)}`;
  return (
    <Card
      title="Features"
      note={note}
      className={className}
      testId="tsne"
      actions={
        <Segmented
          label="Colour of the points"
          value={colourBy}
          options={[
            { value: 'trigger', label: 'Trigger' },
            { value: 'class', label: 'Class' },
          ]}
          onChange={setColourBy}
        />
      }
    >
      {result === null ? <NoFeatures /> : <Clouds result={result} colourBy={colourBy} />}
      <TsneControls />
    </Card>
  );
}

function NoFeatures() {
  const ready = useRunStore(hasTransform);
  const stored = useRunStore((state) => state.stored);
  return (
    <Empty title="Not computed yet">
      {ready
        ? 'Run it to see whether triggered images still crowd together away from their classes.'
        : stored
          ? 'This run is read back from storage: go on with it, and its features can be computed.'
          : 'Possible once the defence has been trained for some steps: it is computed when you ask for it.'}
    </Empty>
  );
}

interface CloudsProps {
  readonly result: TsneResult;
  readonly colourBy: 'trigger' | 'class';
}

function Clouds({ result, colourBy }: CloudsProps) {
  const [hovered, setHovered] = useState<number | null>(null);
  const bounds = useMemo(() => commonBounds([result.before, result.after]), [result]);
  const shared = { result, bounds, colourBy, hovered, onHover: setHovered };
  return (
    <>
      <div className={styles.clouds}>
        <Scatter {...shared} side="before" title="no defence" testId="tsne-before" />
        <Scatter {...shared} side="after" title="through the transform" testId="tsne-after" />
      </div>
      <Legend result={result} colourBy={colourBy} hovered={hovered} />
    </>
  );
}

function Legend({ result, colourBy, hovered }: CloudsProps & { readonly hovered: number | null }) {
  const names = useClassNames();
  const dark = useThemeName() === 'dark';
  const nameOf = (index: number) => names[index] ?? `class ${index}`;
  if (hovered !== null) {
    return (
      <p className={styles.legend} role="status">
        <b>{nameOf(result.labels[hovered] ?? 0)}</b>
        {result.triggered[hovered] === 1 ? 'triggered' : 'clean'}, the same image in both
      </p>
    );
  }
  if (colourBy === 'class') {
    return (
      <ul className={styles.legend}>
        {names.slice(0, 12).map((name, index) => (
          <li key={name}>
            <i style={{ background: classColour(index, dark) }} />
            {name}
          </li>
        ))}
        {names.length > 12 && <li>and {names.length - 12} more: point at one</li>}
      </ul>
    );
  }
  return (
    <ul className={styles.legend}>
      <li>
        <i className={styles.clean} />
        clean
      </li>
      <li>
        <i className={styles.triggered} />
        triggered
      </li>
      <li className={styles.hint}>point at one to find it in both</li>
    </ul>
  );
}
