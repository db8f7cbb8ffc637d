import { useBusy } from '../../state/busy';
import { useDatasetStore } from '../../state/datasetStore';
import { useVictimBlocker } from '../../state/labReadiness';
import { sweepRows, useSweepStore } from '../../state/sweepStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { formatCount } from '../common/format';
import { Icon } from '../common/Icon';
import { Progress } from '../common/Progress';
import styles from './Matrix.module.css';
import { MatrixChooser } from './MatrixChooser';
import { MatrixTable } from './MatrixTable';
import { useMatrix } from './useMatrix';

/** Many runs in a row: which, how far they are, and what each of them gave. */
export function MatrixView() {
  const cells = useSweepStore((state) => state.cells);
  return (
    <>
      <Card title="What is run" note="a victim trained, defended and measured in each run">
        <MatrixChooser />
        <Controls />
      </Card>
      <Card title="Results" note={<Count />} actions={<Downloads />} testId="matrix">
        {cells.length === 0 ? (
          <Empty title="No runs yet">
            Each row comes in when its run is over, and is kept in this browser. A matrix that was stopped
            goes on with what is missing.
          </Empty>
        ) : (
          <MatrixTable />
        )}
      </Card>
    </>
  );
}

function Count() {
  const count = useSweepStore((state) => state.cells.length);
  const done = useSweepStore((state) => sweepRows(state).length);
  return count === 0 ? null : `${formatCount(done)} of ${formatCount(count)} runs`;
}

function Controls() {
  const { startMatrix, resumeMatrix, stopMatrix } = useCommands();
  const busy = useBusy();
  const blocker = useVictimBlocker();
  const matrix = useMatrix();
  const pending = useSweepStore((state) => state.pending);
  const missing = useSweepStore((state) => state.cells.length - sweepRows(state).length);
  const failed = useSweepStore((state) => sweepRows(state).some(({ results }) => results === null));
  const hasImages = useDatasetStore((state) => state.summary !== null);
  const problem = 'problem' in matrix ? matrix.problem : null;
  const why = blocker ?? problem;
  if (busy === 'sweep') {
    return (
      <div className={styles.controls}>
        <Button disabled={pending !== null} onClick={() => void stopMatrix()} data-testid="matrix-stop">
          <Icon name="stop" size={14} />
          {pending === 'stop' ? 'Stopping…' : 'Stop'}
        </Button>
        <Running />
      </div>
    );
  }
  return (
    <div className={styles.controls}>
      <Button
        tone="primary"
        disabled={pending !== null || why !== null}
        title={why ?? undefined}
        onClick={() => void startMatrix()}
        data-testid="matrix-start"
      >
        <Icon name="play" size={14} />
        Start {'count' in matrix ? runs(matrix.count) : ''}
      </Button>
      {(missing > 0 || failed) && (
        <Button
          disabled={pending !== null || blocker !== null}
          title="Runs that are done are not run again"
          onClick={() => void resumeMatrix()}
          data-testid="matrix-resume"
        >
          {missing > 0 ? `Go on with the ${runs(missing)} below` : 'Try the failed ones again'}
        </Button>
      )}
      <span className={styles.why} role="status">
        {hasImages ? (why ?? '') : 'Load images with labels first.'}
      </span>
    </div>
  );
}

function runs(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'run' : 'runs'}`;
}

/** The run under way, its stage and its steps, on a bar of all of them. */
function Running() {
  const progress = useSweepStore((state) => state.progress);
  const run = useSweepStore((state) => state.run);
  if (progress === null) return null;
  const share = run && run.totalSteps > 0 ? run.step / run.totalSteps : 0;
  const half = progress.stage === 'defense' ? 0.5 + share / 2 : share / 2;
  const stage = progress.stage === 'defense' ? 'the defence' : 'its victim';
  const steps = run ? `, step ${formatCount(run.step)} of ${formatCount(run.totalSteps)}` : '';
  return (
    <div className={styles.running}>
      <span>
        run {progress.index + 1} of {progress.count}: {stage}
        {steps}
      </span>
      <Progress label="The matrix" done={progress.index + half} total={progress.count} thick />
    </div>
  );
}

function Downloads() {
  const { saveMatrix } = useCommands();
  const any = useSweepStore((state) => sweepRows(state).length > 0);
  const hasFile = useSweepStore((state) => state.file !== null);
  return (
    <>
      <Button small disabled={!any} onClick={() => saveMatrix('csv')} data-testid="matrix-csv">
        <Icon name="download" size={13} />
        CSV
      </Button>
      <Button small disabled={!any} onClick={() => saveMatrix('markdown')} data-testid="matrix-markdown">
        <Icon name="download" size={13} />
        Markdown
      </Button>
      <Button
        small
        disabled={!hasFile}
        title="What the command line runs to the same numbers"
        onClick={() => saveMatrix('experiment')}
        data-testid="matrix-experiment"
      >
        <Icon name="download" size={13} />
        Experiment file
      </Button>
    </>
  );
}
