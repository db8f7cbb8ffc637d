import { parseArgs } from 'node:util';
import { describeModel } from '../src/compute/modelCard';
import { openDataset } from '../src/formats/datasets/openDataset';
import { readLabelMap } from '../src/formats/exports/labelShuffle';
import { sha256OfBlob } from '../src/formats/hash';
import type { InputFile } from '../src/formats/input';
import { readModel } from '../src/formats/models/readModel';
import { foreignError, sniff } from '../src/formats/sniff';
import { StudioError } from '../src/protocol/errors';
import type { InspectReport } from '../src/protocol/summaries';
import { identifyFiles } from '../src/worker/engine/identify';
import { experimentReport } from './experimentReport';
import { filesBeside, inputFiles } from './files';

/** `headless inspect FILE`: prints as JSON what a model, data set, experiment or label map file is. */
export async function inspect(args: string[]): Promise<void> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1) {
    throw new StudioError('file/missing', 'inspect wants one file or folder: headless inspect FILE.');
  }
  console.log(JSON.stringify(await report(await inputFiles(path), path), null, 2));
}

/** What the files at `path` are. @throws StudioError naming the file and the reason when they are nothing the studio reads. */
async function report(files: readonly InputFile[], path: string): Promise<InspectReport> {
  const [file] = files;
  if (!file) throw new StudioError('file/empty', `${path} is an empty folder.`, { subject: path });
  const identity = files.length === 1 ? (await identifyFiles([file]))[0] : undefined;
  switch (identity?.role) {
    case 'model':
    case 'transform':
      // A bundle is a zip with a transform in it, which the model readers do not take.
      if (identity.role === 'transform' && (await sniff(file)).kind === 'zip')
        return bundleReport(identity.description);
      return modelReport(file, await filesBeside(path));
    case 'experiment':
      return experimentReport(await file.blob.text(), file.path);
    case 'label-map':
      return labelMapReport(file);
    case 'trigger-image':
    case 'unknown':
      // Opening as a data set says precisely what is wrong with an archive; anything else is named for what it is.
      if ((await sniff(file)).truncated)
        throw foreignError(file, await sniff(file), 'a file the studio reads');
      return datasetReport(files);
    default:
      return datasetReport(files);
  }
}

async function modelReport(file: InputFile, beside: readonly InputFile[]): Promise<InspectReport> {
  const summary = describeModel(await readModel(file, beside), file.path, await sha256OfBlob(file.blob));
  return {
    kind: 'model',
    format: summary.format,
    architecture: summary.architecture === null ? null : summary.architectureLabel,
    parameters: summary.parameters,
    classes: summary.classes,
    counts: { tensors: summary.tensors, layers: summary.layers.length },
    verdict: summary.verdictReason,
  };
}

async function datasetReport(files: readonly InputFile[]): Promise<InspectReport> {
  const dataset = await openDataset(files);
  const labelled = dataset.train.labels !== null;
  return {
    kind: 'dataset',
    format: dataset.format,
    architecture: null,
    parameters: null,
    classes: labelled ? dataset.classNames.length : null,
    counts: {
      train: dataset.train.count,
      test: dataset.test?.count ?? 0,
      height: dataset.height,
      width: dataset.width,
    },
    verdict: !labelled
      ? 'Unlabelled images: can train the defence; accuracy cannot be measured.'
      : dataset.test
        ? 'Labelled images with a test part: can train the defence and evaluate it.'
        : 'Labelled images without a test part: can train the defence; nothing is evaluated.',
  };
}

async function labelMapReport(file: InputFile): Promise<InspectReport> {
  const map = await readLabelMap(file);
  const fixed = map.filter((label, index) => label === index).length;
  return {
    kind: 'label-map',
    format: file.path.endsWith('.json') ? 'json' : 'numpy pickle',
    architecture: null,
    parameters: null,
    classes: map.length,
    counts: { fixedPoints: fixed },
    verdict: `A permutation of ${map.length} labels${fixed === 0 ? ' without fixed points' : ` with ${fixed} fixed points`}.`,
  };
}

function bundleReport(description: string): InspectReport {
  return {
    kind: 'model',
    format: 'bundle',
    architecture: null,
    parameters: null,
    classes: null,
    counts: {},
    verdict: `${description}: drop it on the page after its classifier to restore the defended model.`,
  };
}
