import { create } from 'zustand';
import type { KeptImages, TransformImagesSummary } from '../protocol/summaries';
import { IDLE, type Loading } from './loading';

interface TransformState {
  readonly summary: TransformImagesSummary | null;
  readonly kept: KeptImages | null;
  readonly loading: Loading;
}

/** Images that only the transform is trained on; the experiment uses them where its `dataset.transformPath` names them. */
export const useTransformStore = create<TransformState>()(() => ({
  summary: null,
  kept: null,
  loading: IDLE,
}));

/** Takes what the engine has loaded, or that there is nothing. */
export function takeTransformImages(summary: TransformImagesSummary | null): void {
  useTransformStore.setState({ summary, kept: summary?.kept ?? null, loading: IDLE });
}
