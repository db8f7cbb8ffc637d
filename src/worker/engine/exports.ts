import { type BundlePart, writeBundle } from '../../formats/exports/bundle';
import { writeLabelMapJson, writeLabelShuffle } from '../../formats/exports/labelShuffle';
import { writePth } from '../../formats/exports/pthWriter';
import { writeSafetensors } from '../../formats/exports/safetensorsWriter';
import type { StateDict } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import { type Experiment, experimentSchema } from '../../protocol/experiment';
import type { ExportKind } from '../../protocol/messages';
import type { Defended } from './defended';
import type { GpuQueue } from './gpuQueue';
import type { Session } from './session';
import { isVictimExport, type VictimExport, victimFile } from './victimExports';

type DefenseFile = Exclude<ExportKind, 'bundle.zip' | VictimExport>;

const BUNDLE: readonly DefenseFile[] = [
  'transform.safetensors',
  'transform.pth',
  'label_map.json',
  'label_shuffle.pth',
  'metrics.csv',
  'experiment.json',
  'results.json',
];

/**
 * One export of the defended model, as it is now. A bundle holds all the others; curve and results are left out of it
 * where there are none. @throws StudioError `worker/nothing-loaded` without a defended model, or for a file there is
 * nothing to write into.
 */
export async function exportFile(
  session: Session,
  queue: GpuQueue,
  kind: ExportKind,
): Promise<{ name: string; bytes: Uint8Array }> {
  if (isVictimExport(kind)) return victimFile(session, queue, kind);
  const defended = session.requireDefended();
  const needsWeights = kind.startsWith('transform') || kind === 'bundle.zip';
  const state = needsWeights ? await queue.run(() => defended.state()) : null;
  const experiment = await withInputs(session, defended.experiment);
  if (kind === 'bundle.zip') {
    const parts = BUNDLE.flatMap((name): BundlePart[] => {
      const content = contentOf(name, defended, experiment, state);
      return content === null ? [] : [{ name, content }];
    });
    return { name: kind, bytes: await writeBundle(parts) };
  }
  const content = contentOf(kind, defended, experiment, state);
  if (content === null) {
    throw new StudioError('worker/nothing-loaded', `There is no ${kind} yet: the run is not over.`, {
      subject: kind,
    });
  }
  return { name: kind, bytes: typeof content === 'string' ? new TextEncoder().encode(content) : content };
}

function contentOf(
  kind: DefenseFile,
  defended: Defended,
  experiment: Experiment,
  state: StateDict | null,
): Uint8Array | string | null {
  switch (kind) {
    case 'transform.safetensors':
      return state && writeSafetensors(state, { format: 'pt' });
    case 'transform.pth':
      return state && writePth(state);
    case 'label_map.json':
      return writeLabelMapJson(defended.labelMap);
    case 'label_shuffle.pth':
      return writeLabelShuffle(defended.labelMap);
    case 'metrics.csv':
      return defended.metricsCsv();
    case 'experiment.json':
      return `${JSON.stringify(experiment, null, 2)}\n`;
    case 'results.json':
      return defended.resultsJson();
    default:
      return kind satisfies never;
  }
}

/** What ran, with the fingerprints of what it ran on. */
async function withInputs(session: Session, experiment: Experiment): Promise<Experiment> {
  // Through the schema, so that the keys come in one order whatever way the experiment took.
  return experimentSchema.parse({
    ...experiment,
    inputs: {
      model: session.model ? `sha256:${session.model.summary.hash}` : null,
      dataset: (await session.dataset?.fingerprint()) ?? null,
      ...(experiment.dataset.transformPath === null
        ? {}
        : { transformImages: (await session.transformImages?.fingerprint()) ?? null }),
    },
  });
}
