import type { PreparedAttack } from '../../compute/attacks/attack';
import { attackByKind } from '../../compute/attacks/registry';
import { tf } from '../../compute/tf';
import { victimOf, type Victim } from '../../compute/victim/victim';
import type { Predict } from '../../compute/analysis/evaluate';
import type { ImageSplit } from '../../data/dataset';
import { resizedDataset } from '../../data/resizedDataset';
import type { InputFile } from '../../formats/input';
import { readModel } from '../../formats/models/readModel';
import type { StateDict } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import { type Experiment, type ModelSettings, parseExperiment } from '../../protocol/experiment';
import type { Evaluation } from '../../protocol/results';
import type { Defended } from './defended';
import type { LoadedDataset, LoadedTransformImages } from './loadDataset';
import type { LoadedModel } from './loadModel';
import type { MadeVictim } from './madeVictim';
import { TriggerImages } from './triggerImages';

/** Classifiers kept on the device at once: the run's, and one under other settings that is being looked at. */
const MAX_VICTIMS = 2;

/** What measuring the undefended model found. */
export interface OriginalEvaluation {
  readonly evaluation: Evaluation | null;
  /** Its classes of the clean images, in their order. */
  readonly classes: Int32Array;
}

/**
 * What is loaded: one model, one data set, pictures for triggers, and the defended model once there is one. Each is
 * replaced only when its successor is ready, and what is replaced is freed. Its methods that touch the device are to be
 * called inside the GPU queue.
 */
export class Session {
  readonly images = new TriggerImages();
  /** Start weights and the like that an experiment may name by path. */
  readonly extraFiles = new Map<string, InputFile>();
  /** The experiment asked about last: analyses follow its attack and its model settings. */
  experiment: Experiment | null = null;
  private loadedModel: LoadedModel | null = null;
  private loadedDataset: LoadedDataset | null = null;
  private loadedTransformImages: LoadedTransformImages | null = null;
  private made: MadeVictim | null = null;
  private currentDefense: Defended | null = null;
  private readonly victims = new Map<string, Victim>();
  /** Victims that do not make room for others, each as often as it is held. */
  private readonly heldVictims: Victim[] = [];
  private readonly evaluations = new Map<string, OriginalEvaluation>();

  get model(): LoadedModel | null {
    return this.loadedModel;
  }

  get dataset(): LoadedDataset | null {
    return this.loadedDataset;
  }

  /** Images that transforms are trained on where `dataset.transformPath` names them. */
  get transformImages(): LoadedTransformImages | null {
    return this.loadedTransformImages;
  }

  get defended(): Defended | null {
    return this.currentDefense;
  }

  /** The classifier made here last, trained or in training; the session owns it. */
  get madeVictim(): MadeVictim | null {
    return this.made;
  }

  replaceMadeVictim(made: MadeVictim | null): void {
    this.made?.dispose();
    this.made = made;
  }

  /** @throws StudioError `worker/nothing-loaded`. */
  requireModel(): LoadedModel {
    if (this.loadedModel) return this.loadedModel;
    throw new StudioError('worker/nothing-loaded', 'No model is loaded yet. Drop a classifier first.');
  }

  /** @throws StudioError `worker/nothing-loaded`. */
  requireDataset(): LoadedDataset {
    if (this.loadedDataset) return this.loadedDataset;
    throw new StudioError('worker/nothing-loaded', 'No images are loaded yet. Drop a data set first.');
  }

  /** @throws StudioError `worker/nothing-loaded`. */
  requireDefended(): Defended {
    if (this.currentDefense) return this.currentDefense;
    throw new StudioError(
      'worker/nothing-loaded',
      'There is no defended model yet. Train one, or drop an exported bundle.',
    );
  }

  /** Null: none is loaded any more. */
  replaceModel(model: LoadedModel | null): void {
    this.replaceDefended(null);
    for (const victim of this.victims.values()) victim.dispose();
    this.victims.clear();
    this.evaluations.clear();
    this.loadedModel = model;
  }

  replaceDataset(dataset: LoadedDataset): void {
    this.evaluations.clear();
    void this.loadedDataset?.kept.close();
    this.loadedDataset = dataset;
  }

  replaceTransformImages(images: LoadedTransformImages | null): void {
    void this.loadedTransformImages?.kept.close();
    this.loadedTransformImages = images;
  }

  replaceDefended(defended: Defended | null): void {
    this.currentDefense?.dispose();
    this.currentDefense = defended;
  }

  /** Frees everything on the device. */
  dispose(): void {
    this.replaceDefended(null);
    this.replaceMadeVictim(null);
    for (const victim of this.victims.values()) victim.dispose();
    this.victims.clear();
  }

  /** The loaded classifier fed as `settings` say; the session owns it. */
  victimFor(settings: Pick<ModelSettings, 'normalization' | 'channelOrder'>): Victim {
    const model = this.requireModel();
    const { normalization, channelOrder } = settings;
    const key = JSON.stringify([normalization.mean, normalization.std, channelOrder]);
    const known = this.victims.get(key);
    if (known) return known;
    const victim = victimOf(model.build(), { normalization, channelOrder });
    for (const [other, old] of this.victims) {
      if (this.victims.size < MAX_VICTIMS) break;
      if (old === this.currentDefense?.victim || this.heldVictims.includes(old)) continue;
      old.dispose();
      this.victims.delete(other);
    }
    this.victims.set(key, victim);
    return victim;
  }

  /** As `victimFor`, kept until `release` by all but another model's loading: for work that takes several turns. */
  holdVictim(settings: Pick<ModelSettings, 'normalization' | 'channelOrder'>) {
    const victim = this.victimFor(settings);
    this.heldVictims.push(victim);
    return { victim, release: () => void this.heldVictims.splice(this.heldVictims.indexOf(victim), 1) };
  }

  /** The experiment asked about last, or one of defaults for the loaded model. */
  experimentOrDefault(): Experiment {
    return (
      this.currentDefense?.experiment ??
      this.experiment ??
      parseExperiment({
        version: 1,
        name: 'untitled',
        model: { path: this.loadedModel?.summary.fileName ?? 'model' },
        dataset: { path: this.loadedDataset?.summary.path ?? this.loadedDataset?.summary.name ?? 'data' },
        defense: { kind: 'refine' },
      })
    );
  }

  /** The experiment's attack on the loaded data, which is also its trigger, or null. @throws StudioError `trigger/invalid`. */
  async triggerFor({ attack, seed, model }: Experiment): Promise<PreparedAttack | null> {
    if (!attack) return null;
    const { dataset } = this.requireDataset();
    return attackByKind(attack.kind).prepare(attack.options, {
      height: dataset.height,
      width: dataset.width,
      classes:
        (model.train || model.blackBox ? null : this.loadedModel?.classes) ?? dataset.classNames.length,
      target: attack.target,
      seed,
      normalization: model.normalization,
      image: (id) => this.images.get(id),
      tensors: (path) => this.tensorsOf(path, 'attack.options'),
    });
  }

  /**
   * The tensors of a file that an experiment names by path; the loaded model goes by its file's name.
   * @param subject the setting that names it.
   * @throws StudioError `file/missing` where it is not loaded, and as `readModel`.
   */
  async tensorsOf(path: string, subject: string): Promise<StateDict> {
    const file = this.extraFiles.get(path);
    if (file) return (await readModel(file)).state;
    if (this.loadedModel?.summary.fileName === path) return this.loadedModel.state;
    throw new StudioError('file/missing', `The file ${path}, which "${subject}" names, is not loaded.`, {
      subject,
    });
  }

  /**
   * The images that the experiment trains the transform on.
   * @throws StudioError `file/missing` for a `transformPath` that is not loaded, `worker/nothing-loaded`.
   */
  trainingImages({ dataset: { transformPath } }: Experiment): ImageSplit {
    const { dataset } = this.requireDataset();
    if (transformPath === null) return dataset.train;
    const other = this.loadedTransformImages;
    if (other?.summary.path === transformPath)
      return resizedDataset(other.dataset, dataset.height, dataset.width).train;
    throw new StudioError('file/missing', `The images ${transformPath} for the transform are not loaded.`, {
      subject: 'dataset.transformPath',
    });
  }

  /** Where images to look at come from: the test part, or the only part there is. */
  displaySplit(): ImageSplit {
    const { dataset } = this.requireDataset();
    return dataset.test ?? dataset.train;
  }

  /** An evaluation of the undefended model that was made under the same conditions, or undefined. */
  rememberedEvaluation(experiment: Experiment): OriginalEvaluation | undefined {
    return this.evaluations.get(evaluationKey(experiment));
  }

  rememberEvaluation(experiment: Experiment, evaluation: OriginalEvaluation): void {
    this.evaluations.set(evaluationKey(experiment), evaluation);
  }
}

/** Probabilities of the undefended model; the caller's tidy frees them. */
export function originalOf(victim: Victim): Predict {
  return (pixels) => tf.softmax(victim.forwardPixels(pixels).logits);
}

/** Everything that the undefended model's evaluation depends on beside the loaded model and data. */
function evaluationKey({ model, attack, dataset, evaluate, seed }: Experiment): string {
  const { normalization, channelOrder } = model;
  return JSON.stringify([normalization, channelOrder, attack, dataset.test, evaluate.testLimit, seed]);
}
