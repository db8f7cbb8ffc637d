import type { StateDict, StateTensor } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import type { VictimTrainingSettings } from '../../protocol/training';
import type { OptimizerState } from '../optimizers/optimizer';
import { mismatch } from '../optimizers/slots';
import {
  canonical,
  CheckpointReader,
  writeContainer,
  type ContainerTensor,
} from '../refine/checkpointContainer';

/** What a victim's training depends on: a checkpoint resumes only under the same. */
export interface ClassifierIdentity {
  /** The network with its configuration: "CIFAR ResNet-18, first width 16". */
  readonly architecture: string;
  readonly seed: number;
  readonly settings: VictimTrainingSettings;
  /** The attack as the experiment names it, or null. */
  readonly attack: unknown;
  readonly images: number;
  readonly height: number;
  readonly width: number;
}

/** One network in training, with all that its optimiser remembers. */
export interface TrainedPart {
  readonly state: StateDict;
  readonly optimizer: OptimizerState;
}

/** Everything a victim's training needs to go on with the numbers an uninterrupted one would have had. */
export interface ClassifierCheckpoint {
  readonly identity: ClassifierIdentity;
  /** Steps done. */
  readonly step: number;
  readonly victim: TrainedPart;
  /** The adaptive attacker's transform (Eq. 10), or null. */
  readonly transform: TrainedPart | null;
}

/** A checkpoint of a victim's making, which may have a stage before: the benign surrogate that some attacks need. */
export interface VictimCheckpoint {
  readonly stage: 'surrogate' | 'victim';
  /** The trained surrogate's weights, once there are any. */
  readonly surrogate: StateDict | null;
  readonly training: ClassifierCheckpoint;
  /** What a black box has said so far (`ConfidenceCache.values`), where there is one to learn from. */
  readonly confidences?: Float32Array;
  /** What the poisoner's groundwork has done so far, where it is kept. */
  readonly groundwork?: KeptGroundwork;
}

/** Bytes of a `Groundwork`, and what they are true of. */
export interface KeptGroundwork {
  /** The attack as the experiment names it: `canonical`. */
  readonly attack: string;
  readonly bytes: Uint8Array;
}

const KIND = 'victim-checkpoint';
const SURROGATE = 'surrogate/';
const CONFIDENCES = 'confidences';
const GROUNDWORK = 'groundwork';
const PARTS = ['victim', 'transform'] as const;
type Part = (typeof PARTS)[number];

/** The checkpoint as bytes; floats are kept bit for bit. */
export function encodeVictimCheckpoint(whole: VictimCheckpoint): Uint8Array<ArrayBuffer> {
  const { stage, surrogate, training: checkpoint, confidences, groundwork } = whole;
  const tensors: ContainerTensor[] = [];
  if (confidences)
    tensors.push({ name: CONFIDENCES, dtype: 'float32', shape: [confidences.length], data: confidences });
  if (groundwork) tensors.push(asTensor(groundwork.bytes));
  for (const [name, { dtype, shape, data }] of surrogate ?? [])
    tensors.push({ name: SURROGATE + name, dtype, shape, data });
  const optimizers: Partial<Record<Part, Pick<OptimizerState, 'kind' | 'step'>>> = {};
  for (const part of PARTS) {
    const trained = checkpoint[part];
    if (!trained) continue;
    const { kind, step, slots } = trained.optimizer;
    optimizers[part] = { kind, step };
    for (const [name, { dtype, shape, data }] of trained.state)
      tensors.push({ name: `${part}/state/${name}`, dtype, shape, data });
    for (const [name, { shape, data }] of slots)
      tensors.push({ name: `${part}/slot/${name}`, dtype: 'float32', shape, data });
  }
  const { identity, step } = checkpoint;
  const kept = groundwork && { attack: groundwork.attack, length: groundwork.bytes.length };
  return writeContainer(KIND, { stage, identity, step, optimizers, groundwork: kept }, tensors);
}

/** Bytes as the container has them: words, the last one filled up. */
function asTensor(bytes: Uint8Array): ContainerTensor {
  const data = new Int32Array(Math.ceil(bytes.length / 4));
  new Uint8Array(data.buffer).set(bytes);
  return { name: GROUNDWORK, dtype: 'int32', shape: [data.length], data };
}

/**
 * The inverse of `encodeVictimCheckpoint`.
 * @throws StudioError `storage/corrupt` for bytes that are cut off or not such a checkpoint.
 */
export function decodeVictimCheckpoint(bytes: Uint8Array): VictimCheckpoint {
  const reader = new CheckpointReader(KIND, bytes);
  const { stage, identity, step, optimizers, groundwork } = reader.header as {
    groundwork?: { attack: string; length: number };
    stage?: VictimCheckpoint['stage'];
    identity?: ClassifierIdentity;
    step?: number;
    optimizers?: Partial<Record<Part, Pick<OptimizerState, 'kind' | 'step'>>>;
  };
  if (!stage || !identity || !optimizers?.victim || step === undefined || !Number.isInteger(step)) {
    throw new StudioError('storage/corrupt', 'The checkpoint is damaged: its header is incomplete.');
  }
  const tensors = reader.tensors();
  const partOf = (part: Part, optimizer: Pick<OptimizerState, 'kind' | 'step'>): TrainedPart => {
    const state = new Map<string, StateTensor>();
    const slots = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    const statePrefix = `${part}/state/`;
    const slotPrefix = `${part}/slot/`;
    for (const { name, dtype, shape, data } of tensors) {
      if (name.startsWith(statePrefix)) state.set(name.slice(statePrefix.length), { dtype, shape, data });
      else if (name.startsWith(slotPrefix) && data instanceof Float32Array)
        slots.set(name.slice(slotPrefix.length), { shape, data });
    }
    return { state, optimizer: { ...optimizer, slots } };
  };
  const surrogate = new Map<string, StateTensor>();
  for (const { name, dtype, shape, data } of tensors)
    if (name.startsWith(SURROGATE)) surrogate.set(name.slice(SURROGATE.length), { dtype, shape, data });
  const confidences = tensors.find(({ name }) => name === CONFIDENCES)?.data;
  const words = tensors.find(({ name }) => name === GROUNDWORK)?.data;
  return {
    stage,
    surrogate: surrogate.size > 0 ? surrogate : null,
    ...(confidences instanceof Float32Array ? { confidences } : {}),
    ...(groundwork && words
      ? {
          groundwork: {
            attack: groundwork.attack,
            bytes: new Uint8Array(words.buffer, 0, groundwork.length),
          },
        }
      : {}),
    training: {
      identity,
      step,
      victim: partOf('victim', optimizers.victim),
      transform: optimizers.transform ? partOf('transform', optimizers.transform) : null,
    },
  };
}

/** Settings a training may be made longer by, where its schedule does not span the whole of it. */
const OPEN: ReadonlySet<string> = new Set(['epochs', 'maxSteps', 'initialWeights']);
const INITIAL_ONLY: ReadonlySet<string> = new Set(['initialWeights']);

/**
 * Checks that a checkpoint belongs to the training.
 * @throws StudioError `train/checkpoint-mismatch` naming the first thing that differs.
 */
export function checkClassifierIdentity(saved: ClassifierIdentity, now: ClassifierIdentity): void {
  for (const key of ['architecture', 'seed', 'images', 'height', 'width'] as const) {
    if (saved[key] !== now[key]) throw mismatch(`${key} was ${saved[key]} and is now ${now[key]}`);
  }
  if (canonical(saved.attack) !== canonical(now.attack)) throw mismatch('the attack is another');
  const { kind } = now.settings.schedule;
  const open = kind === 'constant' || kind === 'multistep' ? OPEN : INITIAL_ONLY;
  const before: Readonly<Record<string, unknown>> = saved.settings;
  for (const [key, value] of Object.entries(now.settings)) {
    const then = canonical(before[key]);
    if (!open.has(key) && canonical(value) !== then)
      throw mismatch(`${key} was ${then} and is now ${canonical(value)}`);
  }
}
