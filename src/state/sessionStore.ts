import { create } from 'zustand';
import { z } from 'zod';

const marker = z.object({
  model: z.string().nullable(),
  dataset: z.string().nullable(),
  run: z
    .object({
      id: z.string(),
      name: z.string(),
      step: z.number(),
      totalSteps: z.number(),
      checkpoint: z.number().nullable(),
    })
    .nullable(),
  at: z.string(),
});

/** What the page notes of a session, so that the next visit can offer it back before anything is read. */
export type SessionMarker = z.infer<typeof marker>;

/** A marker as it was stored, or null where it is absent or of another shape. */
export function readMarker(value: unknown): SessionMarker | null {
  const parsed = marker.safeParse(value);
  return parsed.success && (parsed.data.model !== null || parsed.data.dataset !== null) ? parsed.data : null;
}

interface SessionState {
  /** The session before this one, while it is on offer. */
  readonly offer: SessionMarker | null;
  readonly restoring: boolean;
  /** When settings or a checkpoint were last written; epoch milliseconds. */
  readonly savedAt: number | null;
}

export const useSessionStore = create<SessionState>()(() => ({
  offer: null,
  restoring: false,
  savedAt: null,
}));
