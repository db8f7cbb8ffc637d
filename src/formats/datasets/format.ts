import type { InputFile } from '../input';
import type { ImageDataset } from './imageDataset';

/** What a person can do while a data set is opened, and the caps that hostile files run into. */
export interface OpenOptions {
  /** `done` of `total` (null: not known) bytes or files; `note` names what is being read. */
  readonly onProgress?: (done: number, total: number | null, note: string) => void;
  readonly signal?: AbortSignal;
  /** Most bytes that an archive may unfold to or a data set may occupy. */
  readonly maxBytes?: number;
  /** Most images or archive members. */
  readonly maxEntries?: number;
}

/** 4 GiB: CIFAR-10 and -100 unfold to 0.2 GB; a bomb has to stop somewhere. */
export const DEFAULT_MAX_BYTES = 4 * 2 ** 30;
/** Two million: more than ImageNet's 1.3 million images. */
export const DEFAULT_MAX_ENTRIES = 2_000_000;

/** A kind of data set that can be dropped: one file and one line in `registry.ts`. */
export interface DatasetFormat {
  readonly id: string;
  /** Plain words for the page. */
  readonly label: string;
  /** Whether these files are of this kind, from their names and first bytes. Throws `aborted` only. */
  matches(files: readonly InputFile[], options: OpenOptions): Promise<boolean>;
  /** @throws StudioError naming the file and the reason; `aborted` when `options.signal` fires. */
  open(files: readonly InputFile[], options: OpenOptions): Promise<ImageDataset>;
}
