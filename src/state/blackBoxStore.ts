import { create } from 'zustand';
import { z } from 'zod';
import { type BlackBoxSettings, blackBoxSchema } from '../protocol/blackBox';
import { addressLabel, addressProblem } from '../protocol/blackBoxAddress';
import type { Experiment } from '../protocol/experiment';
import { setExperiment, useDraftStore } from './draftStore';
import { IDLE, type Loading } from './loading';
import { useModelStore } from './modelStore';
import { NO_FILE } from './presets';

/** Where a black box is: an ONNX file, or an address. */
export type BlackBoxSource = 'file' | 'address';

/** A surrogate that became the model: the file's SHA-256, and the black box it imitates. */
export interface AdoptedSurrogate {
  readonly hash: string;
  /** Path or address of the black box. */
  readonly of: string;
}

interface BlackBoxState {
  /** The ONNX file that the engine holds, by its name. */
  readonly file: string | null;
  /** What was set when a black box was last the experiment's, for when it is again. */
  readonly kept: BlackBoxSettings | null;
  /** The address typed last, while the black box is a file. */
  readonly lastAddress: string | null;
  /** What it said of one image; the image is in `imageShelf` under `blackbox/trial`. */
  readonly trial: {
    readonly confidences: readonly number[];
    readonly label: number | null;
    readonly seconds: number;
  } | null;
  readonly trying: Loading;
  readonly surrogate: AdoptedSurrogate | null;
  /** The four pairs are being measured. */
  readonly measuring: Loading;
}

/** The classifier that gives only confidences. What is set of it is the draft's `model.blackBox`; leave for the network is nowhere. */
export const useBlackBoxStore = create<BlackBoxState>()(() => ({
  file: null,
  kept: null,
  lastAddress: null,
  trial: null,
  trying: IDLE,
  surrogate: null,
  measuring: IDLE,
}));

export function sourceOf({ url }: Pick<BlackBoxSettings, 'url'>): BlackBoxSource {
  return url === null ? 'file' : 'address';
}

/** Makes the experiment about a black box: as it was last set, else the file that is there or will be. */
export function chooseBlackBox(): void {
  const { kept, file } = useBlackBoxStore.getState();
  put(kept ?? blackBoxSchema.parse({ path: file ?? NO_FILE }));
}

/** Makes the experiment about the loaded model's weights again. */
export function leaveBlackBox(): void {
  const { experiment } = useDraftStore.getState();
  const path = useModelStore.getState().summary?.fileName ?? NO_FILE;
  useBlackBoxStore.setState({ kept: experiment.model.blackBox });
  setExperiment({ ...experiment, model: { ...experiment.model, blackBox: null, path } });
}

/** Goes over to a file or to an address; what was given of the other is remembered. */
export function chooseSource(source: BlackBoxSource): void {
  const { blackBox } = useDraftStore.getState().experiment.model;
  if (blackBox === null || sourceOf(blackBox) === source) return;
  const { file, lastAddress } = useBlackBoxStore.getState();
  if (source === 'address') put({ ...blackBox, path: null, url: lastAddress ?? NO_FILE });
  else {
    useBlackBoxStore.setState({ lastAddress: blackBox.url });
    put({ ...blackBox, url: null, path: file ?? NO_FILE });
  }
}

/** Takes what was typed as the address; whether it may be asked, `blackBoxProblem` says. */
export function typeAddress(text: string): void {
  const { blackBox } = useDraftStore.getState().experiment.model;
  if (blackBox !== null) put({ ...blackBox, path: null, url: text.trim().slice(0, 2000) || NO_FILE });
}

/** The engine holds an ONNX file: the experiment's black box, where that is a file. */
export function takeBlackBoxFile(file: string): void {
  useBlackBoxStore.setState({ file, trial: null, trying: IDLE });
  const { blackBox } = useDraftStore.getState().experiment.model;
  if (blackBox !== null && sourceOf(blackBox) === 'file') put({ ...blackBox, path: file });
}

/** The experiment is of this black box from here on; another one's trial is forgotten. */
function put(blackBox: BlackBoxSettings): void {
  const { experiment } = useDraftStore.getState();
  const before = experiment.model.blackBox;
  if (before?.path !== blackBox.path || before.url !== blackBox.url) {
    useBlackBoxStore.setState({ trial: null, trying: IDLE });
  }
  setExperiment({ ...experiment, model: { ...experiment.model, path: null, train: null, blackBox } });
}

/** What the surrogate of a black box is known by. */
export function nameOf({ path, url }: Pick<BlackBoxSettings, 'path' | 'url'>): string {
  return url ?? path ?? '';
}

/** What a black box is called for people; empty while none is given. */
export function labelOf({ path, url }: Pick<BlackBoxSettings, 'path' | 'url'>): string {
  if (url !== null) return addressProblem(url) === null ? addressLabel(url) : '';
  return path === null || path === NO_FILE ? '' : path;
}

/** Why the black box cannot be asked, in one sentence; null where it can. */
export function blackBoxProblem({ path, url }: BlackBoxSettings, file: string | null): string | null {
  if (url === NO_FILE) return 'Type the address of the black box first.';
  if (url !== null) {
    const problem = addressProblem(url);
    return problem === null ? null : `The address cannot be asked: ${problem}.`;
  }
  if (path === NO_FILE) return 'Choose the ONNX file of the black box first.';
  return path === file ? null : `Open the ONNX file ${path ?? ''} of the black box first.`;
}

/** True where the loaded model is the surrogate of the experiment's black box. */
export function isSurrogate(
  hash: string | undefined,
  { blackBox }: Experiment['model'],
  surrogate: AdoptedSurrogate | null,
): boolean {
  return (
    blackBox !== null && surrogate !== null && surrogate.hash === hash && surrogate.of === nameOf(blackBox)
  );
}

/** As `isSurrogate`, for components. */
export function useSurrogateLoaded(): boolean {
  const hash = useModelStore((state) => state.summary?.hash);
  const surrogate = useBlackBoxStore((state) => state.surrogate);
  return useDraftStore((state) => isSurrogate(hash, state.experiment.model, surrogate));
}

const stored = z.object({
  surrogate: z.object({ hash: z.string(), of: z.string() }).nullable(),
  runId: z.string().nullable(),
});

/** What of this is kept over a reload: which model is a surrogate, and the distillation on the page. */
export type StoredBlackBox = z.infer<typeof stored>;

/** As it was stored, or null where it is absent or of another shape. */
export function readStoredBlackBox(value: unknown): StoredBlackBox | null {
  const parsed = stored.safeParse(value);
  return parsed.success ? parsed.data : null;
}
