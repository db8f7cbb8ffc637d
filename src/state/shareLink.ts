import { type Experiment, parseExperiment } from '../protocol/experiment';

/**
 * The settings and the seed as a URL fragment: `s=` and base64url JSON. File names and run names stay out, and so does
 * the attack's image: a link carries how, never what.
 */
export function encodeSettings(experiment: Experiment): string {
  const { seed, model, dataset, attack, defense, evaluate } = experiment;
  const settings = {
    seed,
    model: { normalization: model.normalization, channelOrder: model.channelOrder },
    dataset: { train: dataset.train, test: dataset.test },
    attack: attack === null ? null : { ...attack, options: numbersOnly(attack.options) },
    defense: { ...defense, initialWeights: null },
    evaluate,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(settings));
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return `s=${text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
}

/**
 * The draft with the settings of a fragment in place of its own; null for a fragment without settings.
 * @throws StudioError where the settings in the link are not valid.
 */
export function decodeSettings(hash: string, draft: Experiment): Experiment | null {
  const encoded = /(?:^#?|&)s=([\w-]+)/.exec(hash)?.[1];
  if (encoded === undefined) return null;
  let settings: unknown;
  try {
    const binary = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
    settings = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    settings = null;
  }
  if (typeof settings !== 'object' || settings === null) return parseExperiment(null, 'The link');
  const shared = settings as Record<string, unknown>;
  const inner = (key: string) => (typeof shared[key] === 'object' && shared[key] !== null ? shared[key] : {});
  return parseExperiment(
    {
      ...shared,
      version: 1,
      name: draft.name,
      model: { ...inner('model'), path: draft.model.path },
      dataset: {
        ...inner('dataset'),
        path: draft.dataset.path,
        testPath: draft.dataset.testPath,
        transformPath: draft.dataset.transformPath,
      },
    },
    'The link',
  );
}

/** The options that are plain choices; an image's id means nothing on another page. */
function numbersOnly(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).filter(
      ([key, value]) => typeof value === 'number' || !/image|pattern/i.test(key),
    ),
  );
}
