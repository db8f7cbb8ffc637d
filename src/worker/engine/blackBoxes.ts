import { badAnswer, type BlackBox } from '../../compute/blackbox/blackBox';
import type { CleanAnswers } from '../../compute/blackbox/evaluateBlackBox';
import { openHttpBlackBox } from '../../compute/blackbox/httpBlackBox';
import type { OnnxBlackBoxOptions } from '../../compute/blackbox/onnxBlackBox';
import type { ImageDataset } from '../../data/dataset';
import { StudioError } from '../../protocol/errors';
import type { Experiment } from '../../protocol/experiment';
import type { Evaluation } from '../../protocol/results';
import type { Session } from './session';

/** How this host runs an ONNX black box: in a worker of its own, or where it is. */
export type OpenOnnx = (options: OnnxBlackBoxOptions) => Promise<BlackBox>;

/** A black box that is open, with what is remembered of it under one attack and one test set. */
export interface HeldBlackBox {
  readonly box: BlackBox;
  original: {
    readonly key: string;
    /** Undefined until it has been measured. */
    evaluation: Evaluation | null | undefined;
    readonly clean: CleanAnswers;
  } | null;
}

/** How a run comes to the experiment's black box. */
export type OpenBlackBox = (experiment: Experiment) => Promise<HeldBlackBox>;

/** The one black box that is open; another takes its place. */
export class BlackBoxes {
  private held: { readonly key: string; readonly black: HeldBlackBox } | null = null;

  constructor(
    private readonly session: Session,
    private readonly openOnnx: OpenOnnx | null,
  ) {}

  /**
   * The experiment's black box, opened where it is not yet. An address is refused without `allowNetwork` even where it is open already.
   * @throws StudioError `experiment/invalid` where the experiment has none, `file/missing`, `blackbox/bad-answer` where labelled images
   * have another number of classes, and as `openOnnxBlackBox` and `openHttpBlackBox`.
   */
  async of(experiment: Experiment, allowNetwork: boolean): Promise<HeldBlackBox> {
    const { blackBox: settings, normalization, channelOrder } = experiment.model;
    if (!settings) {
      throw new StudioError('experiment/invalid', 'The experiment names no black box.', {
        subject: 'model.blackBox',
      });
    }
    const { dataset } = this.session.requireDataset();
    const { height, width } = dataset;
    const { path, url, layout, output, encoding } = settings;
    const size = { height, width };
    const key = JSON.stringify([path, url, layout, output, encoding, normalization, channelOrder, size]);
    const mayAsk = url === null || allowNetwork;
    if (this.held?.key !== key || !mayAsk || this.held.black.box.ended === true) {
      await this.close();
      const box =
        url === null
          ? await this.openFile(path ?? '', {
              ...size,
              input: { normalization, channelOrder },
              layout,
              output,
            })
          : await openHttpBlackBox({ url, allowNetwork, encoding, ...size });
      this.held = { key, black: { box, original: null } };
    }
    const { black } = this.held;
    const problem = classesProblem(black.box, dataset);
    if (problem === null) return black;
    // Asked again it is opened anew: what is behind it may have been put right.
    await this.close();
    throw problem;
  }

  private async openFile(
    path: string,
    options: Omit<OnnxBlackBoxOptions, 'model' | 'label'>,
  ): Promise<BlackBox> {
    const file = this.session.extraFiles.get(path);
    if (!file) throw missing(path);
    if (!this.openOnnx) throw new StudioError('internal', 'ONNX files cannot be run here.');
    const model = new Uint8Array(await file.blob.arrayBuffer());
    return this.openOnnx({ ...options, model, label: path });
  }

  async close(): Promise<void> {
    const { held } = this;
    this.held = null;
    await held?.black.box.close();
  }
}

/** Null where the classes are those of the images; images without labels say nothing of how many there should be. */
function classesProblem(
  { label, classes }: BlackBox,
  { classNames, train, test }: ImageDataset,
): StudioError | null {
  const labelled = train.labels !== null || (test?.labels ?? null) !== null;
  if (!labelled || classNames.length === classes) return null;
  return badAnswer(
    label,
    `it gives ${classes} confidences, and the images have ${classNames.length} classes`,
  );
}

function missing(path: string): StudioError {
  return new StudioError('file/missing', `The black box ${path} is not loaded.`, {
    subject: 'model.blackBox.path',
  });
}
