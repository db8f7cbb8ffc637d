import { TextReader, Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import type { InputFile } from '../input';
import { openZip } from '../zipEntries';
import { sniff } from '../sniff';

/** One file of a bundle. */
export interface BundlePart {
  readonly name: string;
  readonly content: Uint8Array | string;
}

/**
 * `bundle.zip`: the parts in their order, stored without compression (weights hardly compress), with the zip format's
 * own earliest time on each, so that the same run gives the same bytes.
 */
export async function writeBundle(parts: readonly BundlePart[]): Promise<Uint8Array<ArrayBuffer>> {
  const writer = new ZipWriter(new Uint8ArrayWriter(), {
    level: 0,
    useWebWorkers: false,
    extendedTimestamp: false,
    lastModDate: new Date(1980, 0, 1),
  });
  for (const { name, content } of parts) {
    await writer.add(
      name,
      typeof content === 'string' ? new TextReader(content) : new Uint8ArrayReader(content),
    );
  }
  return new Uint8Array(await writer.close());
}

/** The files that an exported defence consists of; each is found by its name, wherever the folder. */
const TRANSFORM = /(^|\/)[^/]+\.(safetensors|pth|pt)$/i;
const LABEL_MAP_JSON = /(^|\/)label_map\.json$/i;
const LABEL_SHUFFLE = /(^|\/)label_shuffle\.pth$/i;
const EXPERIMENT = /(^|\/)experiment\.json$/i;
const METRICS = /(^|\/)metrics\.csv$/i;
const RESULTS = /(^|\/)results\.json$/i;

/** What of a bundle was found among files: whichever is there. */
export interface BundleFiles {
  readonly transform: InputFile | null;
  readonly labelMap: InputFile | null;
  readonly labelShuffle: InputFile | null;
  readonly experiment: InputFile | null;
  readonly metrics: InputFile | null;
  readonly results: InputFile | null;
}

/**
 * Finds a bundle's files among what was dropped: inside a zip, or loose. Of several transforms the safetensors is
 * taken. @throws StudioError as `openZip` does, for a damaged archive.
 */
export async function findBundle(files: readonly InputFile[]): Promise<BundleFiles> {
  const loose: InputFile[] = [];
  for (const file of files) {
    if ((await sniff(file)).kind === 'zip') loose.push(...(await unpacked(file)));
    else loose.push(file);
  }
  const named = (pattern: RegExp) => loose.find((file) => pattern.test(file.path)) ?? null;
  const transforms = loose.filter((file) => TRANSFORM.test(file.path) && !LABEL_SHUFFLE.test(file.path));
  return {
    transform: transforms.find((file) => /\.safetensors$/i.test(file.path)) ?? transforms[0] ?? null,
    labelMap: named(LABEL_MAP_JSON),
    labelShuffle: named(LABEL_SHUFFLE),
    experiment: named(EXPERIMENT),
    metrics: named(METRICS),
    results: named(RESULTS),
  };
}

/** Whether a zip is a bundle, told from its directory alone. */
export async function isBundle(file: InputFile): Promise<boolean> {
  const { names } = await openZip(file);
  return (
    names.some((name) => TRANSFORM.test(name) && !LABEL_SHUFFLE.test(name)) &&
    names.some((name) => LABEL_MAP_JSON.test(name) || LABEL_SHUFFLE.test(name))
  );
}

async function unpacked(archive: InputFile): Promise<InputFile[]> {
  const zip = await openZip(archive);
  const wanted = [TRANSFORM, LABEL_MAP_JSON, LABEL_SHUFFLE, EXPERIMENT, METRICS, RESULTS];
  const files: InputFile[] = [];
  for (const name of zip.names) {
    if (!wanted.some((pattern) => pattern.test(name))) continue;
    // One transform is enough: beside a safetensors the same weights as .pth are not unpacked.
    if (/transform\.pth$/i.test(name) && zip.names.some((other) => /transform\.safetensors$/i.test(other)))
      continue;
    files.push({ path: `${archive.path}/${name}`, blob: new Blob([await zip.read(name)]) });
  }
  return files;
}
