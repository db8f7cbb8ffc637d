import { create } from 'zustand';
import type { DatasetSummary, KeptImages } from '../protocol/summaries';
import { IDLE, type Loading } from './loading';

/** Which images of the data card are asked for. */
export interface ImageFilter {
  readonly split: 'train' | 'test';
  /** null: all classes. */
  readonly classIndex: number | null;
  /** The first image, in the data's order; null shows the preview, a few of every class. */
  readonly offset: number | null;
}

interface DatasetState {
  readonly summary: DatasetSummary | null;
  /** How far decoded images are kept on disk; null where they fit in memory. */
  readonly kept: KeptImages | null;
  readonly loading: Loading;
  readonly filter: ImageFilter;
  readonly images: Loading;
}

/** Images of the data card's grid at a time. */
export const IMAGES_PER_PAGE = 40;

export const FIRST_IMAGES: ImageFilter = { split: 'train', classIndex: null, offset: null };

/** The images to train and test on; their pixels are in `imageShelf`. */
export const useDatasetStore = create<DatasetState>()(() => ({
  summary: null,
  kept: null,
  loading: IDLE,
  filter: FIRST_IMAGES,
  images: IDLE,
}));
