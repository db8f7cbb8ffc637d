import { create } from 'zustand';
import { IDLE, type Loading } from './loading';

interface TriggerState {
  readonly preview: Loading;
  /** The attack settings that the pictures on the shelf show, as JSON; null before the first preview. */
  readonly shown: string | null;
  /** Those that the last preview was asked for with, drawn or refused. */
  readonly tried: string | null;
  /** Names of the images given as options, by the id the engine gave them. */
  readonly imageNames: Readonly<Record<string, string>>;
}

/** The trigger panel; its pictures are in `imageShelf` under `trigger/`. */
export const useTriggerStore = create<TriggerState>()(() => ({
  preview: IDLE,
  shown: null,
  tried: null,
  imageNames: {},
}));
