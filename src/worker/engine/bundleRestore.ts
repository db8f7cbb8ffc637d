import { refineDefense } from '../../compute/defenses/refineDefense';
import { explainUnknown, recogniseNetwork } from '../../compute/nn/registry';
import { buildTrainable } from '../../compute/nn/trainable';
import { unet } from '../../compute/nn/unet';
import { checkLabelMap, drawLabelMap } from '../../compute/refine/labelMap';
import { RefineModel } from '../../compute/refine/refineModel';
import { type BundleFiles, findBundle } from '../../formats/exports/bundle';
import { readLabelMap } from '../../formats/exports/labelShuffle';
import type { InputFile } from '../../formats/input';
import { readModel } from '../../formats/models/readModel';
import type { StateDict } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import type { Defended } from './defended';
import type { Session } from './session';

/** What of an export was read and checked; nothing of it is on the device yet. */
export interface ReadBundle {
  readonly experiment: Experiment | null;
  readonly labelMap: readonly number[];
  readonly firstChannels: number;
  readonly state: StateDict;
  readonly metricsCsv: string | null;
  readonly resultsJson: string | null;
  readonly note: string;
}

/**
 * Reads an exported defence, zipped or loose, and checks it against the loaded model.
 * @throws StudioError `worker/nothing-loaded` without a model, `file/missing` naming the part that is not there,
 * `map/wrong-size`, `model/unknown-architecture` or `model/shape-mismatch` for the transform, and as each reader.
 */
export async function readBundle(session: Session, files: readonly InputFile[]): Promise<ReadBundle> {
  const { classes } = session.requireModel();
  const parts = await findBundle(files);
  const names = files.map((file) => file.path).join(', ');
  if (!parts.transform) {
    throw new StudioError('file/missing', `There is no transform (.safetensors or .pth) in ${names}.`, {
      subject: names,
    });
  }
  const experiment = parts.experiment && (await readExperiment(parts.experiment));
  const labelMap = await mapOf(parts, experiment, classes, names);
  checkLabelMap(labelMap, classes);
  const { state } = await readModel(parts.transform);
  const bound = recogniseNetwork(state);
  if (bound?.id !== 'unet') {
    throw bound
      ? new StudioError(
          'model/unknown-architecture',
          `${parts.transform.path} is a ${bound.label}, not a transform.`,
          { subject: parts.transform.path },
        )
      : explainUnknown(state, parts.transform.path);
  }
  return {
    experiment,
    labelMap,
    firstChannels: state.get('outc.conv.weight')?.shape[1] ?? 0,
    state,
    metricsCsv: (await parts.metrics?.blob.text()) ?? null,
    resultsJson: (await parts.results?.blob.text()) ?? null,
    note: experiment
      ? `Restored the defence "${experiment.name}".`
      : 'Restored the defence. No experiment file came with it, so the settings shown decide how images are fed to it.',
  };
}

/** Puts a read bundle on the device, ready to be evaluated and shown; to be called inside the GPU queue. */
export function restoreBundle(session: Session, bundle: ReadBundle): Defended {
  const { dataset } = session.dataset ?? { dataset: { height: 32, width: 32 } };
  const base = bundle.experiment ?? session.experimentOrDefault();
  const { firstChannels, labelMap } = bundle;
  const experiment: Experiment = {
    ...base,
    defense: {
      ...base.defense,
      firstChannels,
      mapping: { kind: 'explicit', permutation: [...labelMap] },
    },
  };
  const victim = session.victimFor(experiment.model);
  const bound = unet(firstChannels, [dataset.height, dataset.width]);
  const transform = buildTrainable(bound, { state: bundle.state });
  const model = new RefineModel(transform, victim, experiment.defense);
  return {
    experiment: bundle.experiment ?? experiment,
    labelMap,
    victim,
    defense: refineDefense(model, labelMap, `REFINE, restored, UNet ${firstChannels}`),
    step: () => stepsOf(bundle.resultsJson),
    state: () => transform.stateDict(),
    metricsCsv: () => bundle.metricsCsv,
    resultsJson: () => bundle.resultsJson,
    dispose: () => transform.dispose(),
  };
}

async function readExperiment(file: InputFile): Promise<Experiment> {
  let value: unknown;
  try {
    value = JSON.parse(await file.blob.text());
  } catch (cause) {
    throw new StudioError('format/malformed', `${file.path} is not valid JSON.`, {
      subject: file.path,
      cause,
    });
  }
  return parseExperiment(value, file.path);
}

async function mapOf(
  parts: BundleFiles,
  experiment: Experiment | null,
  classes: number,
  names: string,
): Promise<number[]> {
  const file = parts.labelMap ?? parts.labelShuffle;
  if (file) return readLabelMap(file);
  if (experiment) return drawLabelMap(experiment.defense.mapping, classes, experiment.seed);
  throw new StudioError(
    'file/missing',
    `There is no label map (label_map.json or label_shuffle.pth) in ${names}.`,
    {
      subject: names,
    },
  );
}

function stepsOf(resultsJson: string | null): number {
  try {
    const results = JSON.parse(resultsJson ?? '{}') as { steps?: unknown };
    return typeof results.steps === 'number' ? results.steps : 0;
  } catch {
    return 0;
  }
}
