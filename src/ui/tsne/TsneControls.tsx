import { useState } from 'react';
import { useAnalysisStore } from '../../state/analysisStore';
import { useDeviceStore } from '../../state/deviceStore';
import { hasTransform, useRunStore } from '../../state/runStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { formatCount } from '../common/format';
import { LoadingLine } from '../common/LoadingLine';
import styles from './TsneControls.module.css';

const POINTS = [250, 500, 1000, 2000, 4000] as const;
/** van der Maaten and Hinton's usual choice; smaller sets have fewer neighbours to give. */
const PERPLEXITY = 30;
const ITERATIONS = 500;

/** How many images, and go. */
export function TsneControls() {
  const { runTsne, cancelTsne } = useCommands();
  const [points, setPoints] = useState(2000);
  const loading = useAnalysisStore((state) => state.tsneLoading);
  const software = useDeviceStore((state) => state.adapter?.software ?? false);
  const ready = useRunStore(hasTransform);
  const busy = loading.kind === 'loading';
  return (
    <div className={styles.controls}>
      <div className={styles.row}>
        <label>
          <span className="sr-only">Images in the embedding</span>
          <select
            className={styles.select}
            value={points}
            disabled={busy}
            onChange={(event) => setPoints(Number(event.target.value))}
            data-testid="tsne-points"
          >
            {POINTS.map((count) => (
              <option key={count} value={count}>
                {formatCount(count)} images
              </option>
            ))}
          </select>
        </label>
        {busy ? (
          <Button small onClick={() => void cancelTsne()} data-testid="tsne-cancel">
            Cancel
          </Button>
        ) : (
          <Button
            small
            disabled={!ready}
            onClick={() => void runTsne({ points, perplexity: PERPLEXITY, iterations: ITERATIONS })}
            data-testid="tsne-run"
          >
            Run t-SNE
          </Button>
        )}
        <span className={styles.cost}>{cost(points, software)}</span>
      </div>
      {loading.kind !== 'idle' && <LoadingLine loading={loading} verb="Embedding" />}
    </div>
  );
}

/** Exact t-SNE compares every pair: the work grows with the square of the number of images. */
function cost(points: number, software: boolean): string {
  if (software) return points > 500 ? 'slow on this adapter: try 250 first' : 'every pair is compared';
  return points >= 4000 ? '4 times the work of 2,000' : 'every pair is compared';
}
