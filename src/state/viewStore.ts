import { create } from 'zustand';

/** The steps of the rail, in their order. */
export const STEPS = [
  'model',
  'images',
  'lab',
  'trigger',
  'remap',
  'train',
  'inspect',
  'compare',
  'export',
] as const;
export type StepName = (typeof STEPS)[number];

/** What the main area can show: a step of the way, or what lies beside it. */
export type View = StepName | 'welcome' | 'diagnostics';

interface ViewState {
  /** What the main area shows; `welcome` until something is loaded. */
  readonly step: View;
  readonly trainView: 'dashboard' | 'settings';
  readonly theme: 'system' | 'light' | 'dark';
  /** TensorBoard's smoothing weight. */
  readonly smoothing: number;
  readonly logAxis: boolean;
  readonly showLearningRate: boolean;
  readonly dragging: boolean;
}

/** How the page is looked at; nothing of it changes what is computed. */
export const useViewStore = create<ViewState>()(() => ({
  step: 'welcome',
  trainView: 'settings',
  theme: 'system',
  smoothing: 0.6,
  logAxis: false,
  showLearningRate: false,
  dragging: false,
}));

export function goTo(step: View): void {
  useViewStore.setState({ step });
}
