import { clearAnalysis } from '../../state/analysisStore';
import { busyWith, busyWords } from '../../state/busy';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { recipeNow, useLabStore } from '../../state/labStore';
import { buildMatrix } from '../../state/matrix';
import { notify } from '../../state/noticeStore';
import { clearRun, useRunStore } from '../../state/runStore';
import { sweepRows, sweepStarted, useSweepStore } from '../../state/sweepStore';
import { sweepCsv, sweepTable } from '../../protocol/sweepTable';
import { ask, type StudioContext } from './studio';

/** Starts the matrix as it is chosen. */
export async function startMatrix(context: StudioContext): Promise<void> {
  const { experiment } = useDraftStore.getState();
  const { attacks } = useDeviceStore.getState();
  const { kept, matrix: choice } = useLabStore.getState();
  const matrix = buildMatrix({ experiment, recipe: recipeNow(), attacks, kept, choice });
  if ('problem' in matrix) notify('warning', matrix.problem);
  else await start(context, matrix.file);
}

/** Goes on with the last matrix: runs that are done are not run again. */
export async function resumeMatrix(context: StudioContext): Promise<void> {
  const { file } = useSweepStore.getState();
  if (file !== null) await start(context, file);
}

async function start(context: StudioContext, file: unknown): Promise<void> {
  const busy = busyWith();
  if (busy !== null) {
    notify('warning', `Stop ${busyWords(busy)} before starting the matrix.`);
    return;
  }
  const before = useSweepStore.getState();
  useSweepStore.setState({ pending: 'start', rows: {}, cells: [] });
  const started = await ask(context, 'sweep/start', { file });
  if (started === null) {
    useSweepStore.setState({ pending: null, rows: before.rows, cells: before.cells });
    return;
  }
  // A row may have come in before the answer did.
  const { rows: early } = useSweepStore.getState();
  sweepStarted({ file, ...started });
  useSweepStore.setState(({ rows }) => ({ pending: null, rows: { ...rows, ...early } }));
  // Its runs take the place of the defended model in the engine: the run on the page is in the list of runs.
  const { before: measured } = useRunStore.getState();
  clearRun({ before: measured });
  clearAnalysis();
}

export async function stopMatrix(context: StudioContext): Promise<void> {
  useSweepStore.setState({ pending: 'stop' });
  await ask(context, 'sweep/stop', {});
}

/** What the last matrix gave, after a reload. */
export async function readMatrix(context: StudioContext): Promise<void> {
  try {
    const stored = await context.client.call('sweep/read', {});
    if (stored !== null && useSweepStore.getState().progress === null) sweepStarted(stored);
  } catch {
    // A memory that cannot be read is told of by the offer of the last session.
  }
}

/** Saves the table as it is now, or the experiment file it was made from. */
export function saveMatrix({ save }: StudioContext, kind: 'csv' | 'markdown' | 'experiment'): void {
  const { file, cells, rows } = useSweepStore.getState();
  const done = sweepRows({ cells, rows });
  switch (kind) {
    case 'csv':
      save('matrix.csv', sweepCsv(done));
      return;
    case 'markdown':
      save('matrix.md', `${sweepTable(done)}\n`);
      return;
    case 'experiment':
      save('matrix.experiment.json', `${JSON.stringify(file, null, 2)}\n`);
      return;
  }
}
