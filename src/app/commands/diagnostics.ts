import { busyWith, busyWords } from '../../state/busy';
import { useDeviceStore } from '../../state/deviceStore';
import { askedOf, suitingChoice, useDiagnosticsStore } from '../../state/diagnosticsStore';
import { notify } from '../../state/noticeStore';
import { ask, type StudioContext, track } from './studio';

/** Reads what the panel shows of kernels, tiles and the last run's step. */
export async function readDiagnostics(context: StudioContext): Promise<void> {
  if (useDeviceStore.getState().status !== 'ready') return;
  const report = await ask(context, 'diagnostics/kernels', {});
  if (report !== null) useDiagnosticsStore.setState({ report });
}

/** Measures what is chosen. */
export async function runBench(context: StudioContext): Promise<void> {
  const busy = busyWith();
  if (busy !== null) {
    notify('warning', `Stop ${busyWords(busy)} before measuring.`);
    return;
  }
  const { adapter } = useDeviceStore.getState();
  const asked = askedOf(useDiagnosticsStore.getState().choice ?? suitingChoice(adapter?.software ?? true));
  if (asked === null) {
    notify('warning', 'Choose at least one value of each list to measure.');
    return;
  }
  const set = (bench: ReturnType<typeof useDiagnosticsStore.getState>['bench']) =>
    useDiagnosticsStore.setState({ bench });
  const result = await track(context, 'diagnostics/bench', asked, { set });
  if (result !== null) useDiagnosticsStore.setState({ result });
}

export async function cancelBench(context: StudioContext): Promise<void> {
  await ask(context, 'analysis/cancel', {});
}

/** Puts the last result on the clipboard. */
export async function copyBench({ clipboard }: StudioContext, form: 'markdown' | 'json'): Promise<void> {
  const { result } = useDiagnosticsStore.getState();
  if (result === null) return;
  const { markdown, ...numbers } = result;
  try {
    await clipboard.write(form === 'markdown' ? markdown : JSON.stringify(numbers, null, 2));
    notify('success', `The benchmark is on the clipboard as ${form === 'json' ? 'JSON' : 'Markdown'}.`);
  } catch {
    notify('warning', 'The browser did not let the page write to the clipboard.');
  }
}
