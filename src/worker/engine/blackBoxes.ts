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
    const file = path === null ? null : this.session.extraFiles.get(path);
    const key = JSON.stringify([path, url, layout, output, encoding, normalization, channelOrder, size]);
    const mayAsk = url === null || allowNetwork;
    if (this.held?.key === key && mayAsk && this.held.black.box.ended !== true) {
      return withTheseClasses(this.held.black, dataset);
    }
    await this.close();
    let box: BlackBox;
    if (url !== null) box = await openHttpBlackBox({ url, allowNetwork, encoding, ...size });
    else {
      if (!file) throw missing(path ?? '');
      if (!this.openOnnx) throw new StudioError('internal', 'ONNX files cannot be run here.');
      const model = new Uint8Array(await file.blob.arrayBuffer());
      const input = { normalization, channelOrder };
      box = await this.openOnnx({ model, label: path ?? file.path, ...size, input, layout, output });
    }
    const black: HeldBlackBox = { box, original: null };
    this.held = { key, black };
    return withTheseClasses(black, dataset);
  }

  async close(): Promise<void> {
    const { held } = this;
    this.held = null;
    await held?.black.box.close();
  }
}

/** Images without labels say nothing of how many classes there should be. */
function withTheseClasses(black: HeldBlackBox, { classNames, train, test }: ImageDataset): HeldBlackBox {
  const { label, classes } = black.box;
  const labelled = train.labels !== null || (test?.labels ?? null) !== null;
  if (!labelled || classNames.length === classes) return black;
  throw badAnswer(label, `it gives ${classes} confidences, and the images have ${classNames.length} classes`);
}

function missing(path: string): StudioError {
  return new StudioError('file/missing', `The black box ${path} is not loaded.`, {
    subject: 'model.blackBox.path',
  });
}
