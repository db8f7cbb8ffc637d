import type { tf } from '../tf';

/** What a buffer of a recording has that no device knows of: it was asked for, not made. */
export interface RecordedBuffer {
  /** In the order in which the recorded code asked for them. */
  readonly id: number;
  readonly bytes: number;
  readonly usage: GPUBufferUsageFlags;
  /** What JavaScript put there, before any command; null where only commands write. */
  content: Uint8Array<ArrayBuffer> | null;
}

/** A buffer of a recording, or a real one that was there before. */
export type AnyBuffer = RecordedBuffer | GPUBuffer;

/** True for a buffer that only a recording knows. */
export function isRecorded(buffer: AnyBuffer): buffer is RecordedBuffer {
  return 'id' in buffer && 'bytes' in buffer;
}

/** A range of a buffer in bytes. */
export interface Range {
  readonly buffer: AnyBuffer;
  readonly offset: number;
  readonly size: number;
}

/** One binding of a dispatch. */
export interface BoundRange extends Range {
  readonly binding: number;
  /** The shader may write it, and may read what it or a former dispatch wrote. */
  readonly writes: boolean;
}

/** One command of a recording, all in group 0. */
export type Operation =
  | {
      readonly kind: 'dispatch';
      readonly pipeline: GPUComputePipeline;
      readonly bindings: readonly BoundRange[];
      readonly groups: readonly [number, number, number];
    }
  | { readonly kind: 'copy'; readonly from: Range; readonly to: Range };

/** A tensor made while recording that outlives it. */
export interface Survivor {
  readonly dataId: tf.DataId;
  readonly buffer: RecordedBuffer;
}

/** What one run of a piece of code would have had the GPU do. */
export interface Recording {
  readonly operations: readonly Operation[];
  readonly survivors: readonly Survivor[];
}

/** One range that an operation reads or writes. */
export interface Use extends Range {
  readonly writes: boolean;
}

/** Every range an operation touches. */
export function usesOf(operation: Operation): readonly Use[] {
  if (operation.kind === 'dispatch') return operation.bindings;
  return [
    { ...operation.from, writes: false },
    { ...operation.to, writes: true },
  ];
}
