import { create } from 'zustand';
import type { NormalizationProposal } from '../protocol/messages';
import type { ModelSummary, TensorStatistics } from '../protocol/summaries';
import { IDLE, type Loading } from './loading';

interface ModelState {
  readonly summary: ModelSummary | null;
  readonly loading: Loading;
  readonly proposal: NormalizationProposal | null;
  readonly proposing: Loading;
  /** Of every tensor in the file, once asked for. */
  readonly tensors: readonly TensorStatistics[] | null;
  readonly readingTensors: Loading;
}

/** The classifier to defend. A failed load leaves the one before in place. */
export const useModelStore = create<ModelState>()(() => ({
  summary: null,
  loading: IDLE,
  proposal: null,
  proposing: IDLE,
  tensors: null,
  readingTensors: IDLE,
}));
