import type { WorkerEvent } from '../../protocol/messages';
import type { Session } from './session';

/** What the watch needs of the engine. */
export interface WatchKeptContext {
  readonly session: Session;
  readonly emit: (event: WorkerEvent) => void;
  /** Whether images are decoded ahead while the engine is not `busy`. */
  readonly ahead: boolean;
  readonly busy: () => boolean;
}

const TELL_MS = 1000;
/** A pause between two groups of images, in which requests are heard. */
const BREATH_MS = 4;

/**
 * Tells once a second how far decoded images are kept, where that has changed, and decodes ahead while nothing else is done.
 * Nothing is touched before something is loaded that needs it.
 */
export function watchKept({ session, emit, ahead, busy }: WatchKeptContext): { end(): void } {
  let told = '';
  let ended = false;
  const tell = () => {
    const dataset = session.dataset?.kept.status() ?? null;
    const transform = session.transformImages?.kept.status() ?? null;
    const text = JSON.stringify([dataset, transform]);
    if (text === told || (told === '' && dataset === null && transform === null)) return;
    told = text;
    emit({ kind: 'images/kept', dataset, transform });
  };
  const meter = setInterval(tell, TELL_MS);
  const work = async (): Promise<void> => {
    while (!ended) {
      const parts = [session.dataset?.kept, session.transformImages?.kept];
      let did = false;
      if (!busy()) for (const part of parts) did ||= (await part?.ahead()) ?? false;
      await new Promise((resolve) => setTimeout(resolve, did ? BREATH_MS : TELL_MS));
    }
  };
  if (ahead) void work();
  return {
    end() {
      ended = true;
      clearInterval(meter);
    },
  };
}
