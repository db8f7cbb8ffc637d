import { create } from 'zustand';
import { type Experiment, experimentSchema } from '../protocol/experiment';
import { explainIssues } from './explainIssues';
import { writePath } from './paths';
import { freshExperiment, presetDefense, type PresetName } from './presets';

/** A field whose text does not make a valid experiment: what was typed, and what is wrong with it. */
interface InvalidField {
  readonly text: string;
  readonly message: string;
}

interface DraftState {
  /** Always valid: what would run now. */
  readonly experiment: Experiment;
  /** By dotted path: what was typed and could not be taken. While there is one, nothing can be started. */
  readonly invalid: Readonly<Record<string, InvalidField>>;
}

/** The experiment being edited. */
export const useDraftStore = create<DraftState>()(() => ({ experiment: freshExperiment(), invalid: {} }));

/**
 * Writes one field. An experiment that would not be valid is not taken: the field is marked, its text kept, and the
 * experiment stays as it was.
 */
export function setField(path: string, value: unknown, text = String(value)): void {
  useDraftStore.setState((state) => {
    const parsed = experimentSchema.safeParse(writePath(state.experiment, path, value));
    if (parsed.success) return { experiment: parsed.data, invalid: without(state.invalid, path) };
    return { invalid: { ...state.invalid, [path]: { text, message: explainIssues(parsed.error, path) } } };
  });
}

/** Marks a field as not valid for a reason that the schema does not know; the experiment stays as it was. */
export function refuseField(path: string, text: string, message: string): void {
  useDraftStore.setState((state) => ({ invalid: { ...state.invalid, [path]: { text, message } } }));
}

/** Takes back what was typed into a field. */
export function resetField(path: string): void {
  useDraftStore.setState((state) => ({ invalid: without(state.invalid, path) }));
}

/** Replaces the whole experiment by a valid one; what could not be taken before is forgotten. */
export function setExperiment(experiment: Experiment): void {
  useDraftStore.setState({ experiment, invalid: {} });
}

/** Sets every field of the defence; the label map stays. */
export function applyPreset(name: PresetName): void {
  useDraftStore.setState(({ experiment }) => ({
    experiment: {
      ...experiment,
      defense: presetDefense(name, experiment.seed, experiment.defense.mapping),
    },
    invalid: {},
  }));
}

function without(invalid: DraftState['invalid'], path: string): DraftState['invalid'] {
  return Object.fromEntries(
    Object.entries(invalid).filter(([key]) => key !== path && !key.startsWith(`${path}.`)),
  );
}
