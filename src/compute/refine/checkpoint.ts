import type { StateDict, StateTensor } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import type { RefineSettings } from '../../protocol/experiment';
import type { OptimizerState } from '../optimizers/optimizer';
import { mismatch } from '../optimizers/slots';
import { canonical, CheckpointReader, writeContainer, type ContainerTensor } from './checkpointContainer';

/** What a run depends on beside its settings: a checkpoint resumes only under the same. */
export interface RunIdentity {
  readonly seed: number;
  readonly settings: RefineSettings;
  readonly labelMap: readonly number[];
  /** Number of training images. */
  readonly images: number;
  readonly height: number;
  readonly width: number;
}

/** Everything REFINE training needs to go on with the numbers an uninterrupted run would have had. */
export interface RefineCheckpoint {
  readonly identity: RunIdentity;
  /** Steps done. Shuffles and augmentation depend on seed and step alone, so nothing else of them is kept. */
  readonly step: number;
  readonly transform: StateDict;
  readonly optimizer: OptimizerState;
}

const KIND = 'refine-checkpoint';
const TRANSFORM = 'transform/';
const OPTIMIZER = 'optimizer/';

/** The checkpoint as bytes; floats are kept bit for bit. */
export function encodeCheckpoint(checkpoint: RefineCheckpoint): Uint8Array<ArrayBuffer> {
  const tensors: ContainerTensor[] = [];
  for (const [name, { dtype, shape, data }] of checkpoint.transform) {
    tensors.push({ name: TRANSFORM + name, dtype, shape, data });
  }
  for (const [name, { shape, data }] of checkpoint.optimizer.slots) {
    tensors.push({ name: OPTIMIZER + name, dtype: 'float32', shape, data });
  }
  const { identity, step, optimizer } = checkpoint;
  return writeContainer(
    KIND,
    { identity, step, optimizer: { kind: optimizer.kind, step: optimizer.step } },
    tensors,
  );
}

/**
 * The inverse of `encodeCheckpoint`.
 * @throws StudioError `storage/corrupt` for bytes that are cut off or not a checkpoint.
 */
export function decodeCheckpoint(bytes: Uint8Array): RefineCheckpoint {
  const reader = new CheckpointReader(KIND, bytes);
  const { identity, step, optimizer } = reader.header as {
    identity?: RunIdentity;
    step?: number;
    optimizer?: { kind: OptimizerState['kind']; step: number };
  };
  if (!identity || !optimizer || !Number.isInteger(step) || step === undefined) {
    throw new StudioError('storage/corrupt', 'The checkpoint is damaged: its header is incomplete.');
  }
  const transform = new Map<string, StateTensor>();
  const slots = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const { name, dtype, shape, data } of reader.tensors()) {
    if (name.startsWith(TRANSFORM)) transform.set(name.slice(TRANSFORM.length), { dtype, shape, data });
    else if (data instanceof Float32Array) slots.set(name.slice(OPTIMIZER.length), { shape, data });
  }
  return { identity, step, transform, optimizer: { ...optimizer, slots } };
}

/**
 * Checks that a checkpoint belongs to the run. `epochs` and `maxSteps` may differ where the schedule does not depend on
 * the run's length, so that a finished run can be made longer.
 * @throws StudioError `train/checkpoint-mismatch` naming the first setting that differs.
 */
export function checkIdentity(saved: RunIdentity, run: RunIdentity): void {
  for (const key of ['seed', 'images', 'height', 'width'] as const) {
    if (saved[key] !== run[key]) throw mismatch(`${key} was ${saved[key]} and is now ${run[key]}`);
  }
  if (String(saved.labelMap) !== String(run.labelMap)) throw mismatch('the label map is another');
  const open: ReadonlySet<string> = new Set(
    run.settings.schedule.kind === 'constant' || run.settings.schedule.kind === 'multistep'
      ? ['epochs', 'maxSteps', 'initialWeights']
      : ['initialWeights'],
  );
  const before: Readonly<Record<string, unknown>> = saved.settings;
  for (const [key, value] of Object.entries(run.settings)) {
    const now = canonical(value);
    const then = canonical(before[key]);
    if (!open.has(key) && now !== then) throw mismatch(`${key} was ${then} and is now ${now}`);
  }
}
