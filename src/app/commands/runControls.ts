import type { RequestName } from '../../protocol/messages';
import { ask, type StudioContext } from './studio';

type RunRequest = Extract<RequestName, 'run/pause' | 'run/resume' | 'run/step' | 'run/stop'>;
type Control = 'pause' | 'resume' | 'step' | 'stop';

/** What the page keeps of a run: a defence's, or that of the lab's classifier. */
interface RunHandle {
  getState(): { readonly runId: string | null };
  setState(change: { readonly pending: Control | null }): void;
}

/** Pause, resume, single step and stop of the run that `store` keeps; without one, they do nothing. */
export function runControls(
  store: RunHandle,
): Readonly<Record<Control, (context: StudioContext) => Promise<void>>> {
  const control = (name: RunRequest, pending: Control) => async (context: StudioContext) => {
    const { runId } = store.getState();
    if (runId === null) return;
    store.setState({ pending });
    await ask(context, name, { runId });
    store.setState({ pending: null });
  };
  return {
    pause: control('run/pause', 'pause'),
    resume: control('run/resume', 'resume'),
    step: control('run/step', 'step'),
    stop: control('run/stop', 'stop'),
  };
}
