import { useDiagnosticsStore } from '../../state/diagnosticsStore';
import { ask, type StudioContext } from './studio';

/** Reads what is kept decoded on this machine's disk. */
export async function readDecoded(context: StudioContext): Promise<void> {
  const decoded = await ask(context, 'decoded/read', {});
  if (decoded !== null) useDiagnosticsStore.setState({ decoded });
}

/** Deletes it; loaded images are decoded again when they are needed. */
export async function clearDecoded(context: StudioContext): Promise<void> {
  const decoded = await ask(context, 'decoded/clear', {});
  if (decoded !== null) useDiagnosticsStore.setState({ decoded });
}
