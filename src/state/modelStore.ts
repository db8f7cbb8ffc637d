import { create } from 'zustand';
import type { NormalizationProposal } from '../protocol/messages';
import type { ModelSummary } from '../protocol/summaries';
import { IDLE, type Loading } from './loading';

interface ModelState {
  readonly summary: ModelSummary | null;
  readonly loading: Loading;
  readonly proposal: NormalizationProposal | null;
  readonly proposing: Loading;
}

/** The classifier to defend. A failed load leaves the one before in place. */
export const useModelStore = create<ModelState>()(() => ({
  summary: null,
  loading: IDLE,
  proposal: null,
  proposing: IDLE,
}));
