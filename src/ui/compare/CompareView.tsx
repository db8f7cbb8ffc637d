import { useEffect } from 'react';
import type { RunSummary } from '../../protocol/messages';
import { useBusy } from '../../state/busy';
import { useRunStore } from '../../state/runStore';
import { useRunsStore } from '../../state/runsStore';
import { useSurrogateStore } from '../../state/surrogateStore';
import { useVictimStore } from '../../state/victimStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { formatCount, formatMoment, formatPercent } from '../common/format';
import { LoadingLine } from '../common/LoadingLine';
import styles from './CompareView.module.css';
import { ConfigDiff } from './ConfigDiff';
import { RunOverlay } from './RunOverlay';

/** The runs kept in this browser, side by side. */
export function CompareView() {
  const { listRuns } = useCommands();
  const runs = useRunsStore((state) => state.runs);
  const loading = useRunsStore((state) => state.loading);
  // The list is kept by whoever keeps the runs; here it is told where that does not work.
  useEffect(() => void listRuns(), [listRuns]);
  return (
    <div className={styles.view}>
      <Card title="Runs" note="kept in this browser">
        {runs.length === 0 ? (
          <>
            <LoadingLine loading={loading} verb="Reading" />
            <Empty title="No runs yet">
              Every run is kept here with its settings, curves and last checkpoint.
            </Empty>
          </>
        ) : (
          <RunTable runs={runs} />
        )}
      </Card>
      <RunOverlay />
      <ConfigDiff />
    </div>
  );
}

function RunTable({ runs }: { readonly runs: readonly RunSummary[] }) {
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">Compare</span>
            </th>
            <th scope="col">Name</th>
            <th scope="col">When</th>
            <th scope="col">State</th>
            <th scope="col">Steps</th>
            <th scope="col">Benign accuracy</th>
            <th scope="col">Attack success</th>
            <td />
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <RunRow key={run.id} run={run} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RunRow({ run }: { readonly run: RunSummary }) {
  const { chooseRun, deleteRun } = useCommands();
  const chosen = useRunsStore((state) => state.chosen.includes(run.id));
  const onPage = useRunStore((state) => state.runId === run.id);
  const inLab = useVictimStore((state) => state.runId === run.id);
  const imitates = useSurrogateStore((state) => state.runId === run.id);
  const here = onPage || inLab || imitates;
  const busy = useBusy();
  const going = busy === 'victim' || busy === 'surrogate' ? busy : 'defense';
  return (
    <tr className={here ? styles.here : undefined}>
      <td>
        <input
          type="checkbox"
          aria-label={`Compare ${run.name}`}
          checked={chosen}
          onChange={() => void chooseRun(run.id)}
        />
      </td>
      <th scope="row">
        {run.name}
        {run.kind === 'victim' && <em className={styles.kind}>classifier</em>}
        {run.kind === 'surrogate' && <em className={styles.kind}>surrogate</em>}
        {here && <small> on the page</small>}
      </th>
      <td>{formatMoment(run.createdAt)}</td>
      <td>{run.status}</td>
      <td>
        {formatCount(run.step)} of {formatCount(run.totalSteps)}
      </td>
      <td>
        <FromTo before={run.before?.benignAccuracy?.rate} after={run.after?.benignAccuracy?.rate} />
      </td>
      <td>
        <FromTo before={run.before?.attackSuccessRate?.rate} after={run.after?.attackSuccessRate?.rate} />
      </td>
      <td>
        <div className={styles.buttons}>
          <Openers run={run} />
          <Button
            small
            tone="danger"
            disabled={busy !== null && here && run.kind === going}
            aria-label={`Delete ${run.name}`}
            onClick={() => {
              if (window.confirm(`Delete the run "${run.name}" with its checkpoint?`)) void deleteRun(run.id);
            }}
          >
            Delete
          </Button>
        </div>
      </td>
    </tr>
  );
}

/** A defence goes on the page, a classifier into the lab, a surrogate to its black box. */
function Openers({ run }: { readonly run: RunSummary }) {
  const { loadRun, resumeFrom, openVictimRun, openSurrogateRun } = useCommands();
  const busy = useBusy() !== null;
  if (run.kind === 'victim') {
    return (
      <Button small disabled={busy} onClick={() => void openVictimRun(run.id)} data-testid="open-victim-run">
        Open in the lab
      </Button>
    );
  }
  if (run.kind === 'surrogate') {
    return (
      <Button
        small
        disabled={busy}
        onClick={() => void openSurrogateRun(run.id)}
        data-testid="open-surrogate-run"
      >
        Open at the model
      </Button>
    );
  }
  return (
    <>
      <Button small disabled={busy} onClick={() => void loadRun(run.id)}>
        Load
      </Button>
      {run.hasCheckpoint && run.step < run.totalSteps && (
        <Button small disabled={busy} onClick={() => void loadRun(run.id).then(() => resumeFrom(run.id))}>
          Resume
        </Button>
      )}
    </>
  );
}

function FromTo({
  before,
  after,
}: {
  readonly before: number | undefined;
  readonly after: number | undefined;
}) {
  return (
    <>
      <span className={styles.from}>{before === undefined ? '–' : formatPercent(before)}</span>
      <span aria-hidden="true"> → </span>
      <span className="sr-only">to</span>
      <b>{after === undefined ? '–' : formatPercent(after)}</b>
    </>
  );
}
