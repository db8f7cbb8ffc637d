import { StudioError } from './errors';
import { type Experiment, parseExperiment } from './experiment';

/** One run of a sweep. */
export interface SweepCell {
  /** Place in the sweep's order, from 0. */
  readonly index: number;
  /** A folder's name: the place, and what tells the run from the others ("03-badnets-16"). */
  readonly id: string;
  /** The swept keys with this run's values, in the axes' order. */
  readonly values: readonly { readonly key: string; readonly value: unknown }[];
  /** The run itself, checked, without the sweep. */
  readonly experiment: Experiment;
}

/**
 * The runs that an experiment's sweep asks for, every one of them checked before any is started. Values are put into the file as it was
 * written, so that defaults which follow from a swept key (a recipe's, say) follow here too. Without a sweep: one run.
 *
 * @param value the experiment as read from disk or from the page.
 * @throws StudioError as `parseExperiment`, naming the run whose values do not fit.
 */
export function expandSweep(value: unknown, source = 'The experiment file'): SweepCell[] {
  const base = parseExperiment(value, source);
  const axes = base.sweep?.axes ?? [];
  const count = axes.reduce((product, axis) => product * axis.values.length, 1);
  const places = String(count - 1).length;
  return Array.from({ length: count }, (_, index) => {
    const file = structuredClone(value) as Record<string, unknown>;
    delete file['sweep'];
    let rest = index;
    const values = [...axes]
      .reverse()
      .map(({ key, values: choices }) => {
        const chosen = choices[rest % choices.length];
        rest = Math.floor(rest / choices.length);
        return { key, value: chosen };
      })
      .reverse();
    for (const { key, value: chosen } of values) put(file, key.split('.'), structuredClone(chosen), source);
    const label = values.map(({ value: chosen }) => slug(chosen)).filter((part) => part !== '');
    const id = [String(index).padStart(places, '0'), ...label].join('-').slice(0, 80);
    if (axes.length > 0) file['name'] = [base.name, ...label].join(' ').slice(0, 200);
    const where =
      axes.length === 0
        ? source
        : `${source}, run ${index + 1} of its sweep (${values.map(({ key, value: chosen }) => `${key} ${text(chosen)}`).join(', ')})`;
    return { index, id, values, experiment: parseExperiment(file, where) };
  });
}

/** Sets a key, making the objects on the way that are not there. Keys were checked by the schema. */
function put(file: Record<string, unknown>, path: readonly string[], value: unknown, source: string): void {
  const [first = '', ...rest] = path;
  if (rest.length === 0) {
    file[first] = value;
    return;
  }
  const inner = Object.hasOwn(file, first) ? file[first] : undefined;
  const next = inner ?? {};
  if (typeof next !== 'object' || Array.isArray(next)) {
    throw new StudioError(
      'experiment/invalid',
      `${source}: the sweep names "${path.join('.')}", but "${first}" holds no keys.`,
      {
        subject: 'sweep.axes',
      },
    );
  }
  file[first] = next;
  put(next as Record<string, unknown>, rest, value, source);
}

/** A value in a few words, for sentences and tables: an object is named by its `kind`, where it has one. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string') {
    return value.kind;
  }
  return JSON.stringify(value) ?? 'nothing';
}

function slug(value: unknown): string {
  return text(value)
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 24);
}
