import type { ImageStrip } from '../protocol/summaries';
import type { SampleGrid, TsneResult } from '../protocol/messages';
import { Shelf } from './shelf';

/** Image strips by key: `dataset/preview`, `dataset/class`, `trigger/clean`, `trigger/triggered`. */
export const imageShelf = new Shelf<ImageStrip>();

/** Sample grids of the current run, by step. */
export const gridShelf = new Shelf<SampleGrid>();

/** The current embedding, under `tsne`. */
export const tsneShelf = new Shelf<TsneResult>();

/** The key of a sample grid. */
export function gridKey(step: number): string {
  return `grid/${step}`;
}
