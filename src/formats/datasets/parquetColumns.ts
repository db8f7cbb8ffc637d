import { z } from 'zod';
import type { ParquetShard } from './parquetShard';

/** Where a shard has its images and labels. */
export interface ImageColumns {
  readonly image: string;
  /** Whether the column is a struct with `bytes`, as Hugging Face writes it, or the bytes themselves. */
  readonly struct: boolean;
  readonly label: string | null;
  /** Class names in label order, from the metadata that Hugging Face's library leaves; null where it did not. */
  readonly names: readonly string[] | null;
}

const IMAGE_NAMES = ['image', 'img', 'picture', 'photo', 'pixel_values', 'jpg', 'png'];
const LABEL_NAMES = ['label', 'fine_label', 'labels', 'fine_labels', 'target', 'class', 'cls', 'y'];

const featuresSchema = z.object({
  info: z.object({
    features: z.record(z.string(), z.unknown()),
  }),
});
const classLabelSchema = z.object({
  _type: z.literal('ClassLabel'),
  names: z.array(z.string()).max(100_000),
});

/** The columns that count, or null where the table has no images. */
export function imageColumns({ metadata }: Pick<ParquetShard, 'metadata'>): ImageColumns | null {
  const columns = topColumns(metadata.schema);
  const images = columns.filter(
    ({ name, bytes, binary }) => bytes || (binary && IMAGE_NAMES.includes(name.toLowerCase())),
  );
  const place = (names: readonly string[], name: string) => (names.indexOf(name.toLowerCase()) + 1 || 99) - 1;
  const [image] = images.sort((a, b) => place(IMAGE_NAMES, a.name) - place(IMAGE_NAMES, b.name));
  if (image === undefined) return null;
  const features = classLabels(metadata.key_value_metadata ?? []);
  const labels = columns.filter(
    ({ name, leaf }) =>
      leaf && name !== image.name && (features.has(name) || LABEL_NAMES.includes(name.toLowerCase())),
  );
  const [label] = labels.sort((a, b) => place(LABEL_NAMES, a.name) - place(LABEL_NAMES, b.name));
  const names = label === undefined ? null : (features.get(label.name) ?? null);
  return { image: image.name, struct: image.bytes, label: label?.name ?? null, names };
}

interface Column {
  readonly name: string;
  readonly leaf: boolean;
  readonly binary: boolean;
  /** A struct with a member `bytes` of bytes. */
  readonly bytes: boolean;
}

/** Walks the flattened schema: a root, then each column with its members behind it. */
function topColumns(schema: ParquetShard['metadata']['schema']): Column[] {
  const columns: Column[] = [];
  let at = 1;
  const skip = (): void => {
    let open = schema[at++]?.num_children ?? 0;
    while (open > 0 && at < schema.length) open += (schema[at++]?.num_children ?? 0) - 1;
  };
  while (at < schema.length) {
    const element = schema[at];
    if (element === undefined) break;
    const members = element.num_children ?? 0;
    const flat = element.repetition_type !== 'REPEATED';
    const direct = schema.slice(at + 1, at + 1 + Math.min(members, 8));
    columns.push({
      name: element.name,
      leaf: members === 0 && flat,
      binary: members === 0 && flat && element.type === 'BYTE_ARRAY',
      bytes: flat && direct.some(({ name, type }) => name === 'bytes' && type === 'BYTE_ARRAY'),
    });
    skip();
  }
  return columns;
}

function classLabels(
  pairs: readonly { readonly key: string; readonly value?: string }[],
): Map<string, string[]> {
  const text = pairs.find(({ key }) => key === 'huggingface')?.value;
  const found = new Map<string, string[]>();
  if (text === undefined) return found;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return found;
  }
  const parsed = featuresSchema.safeParse(value);
  if (!parsed.success) return found;
  for (const [name, feature] of Object.entries(parsed.data.info.features)) {
    const label = classLabelSchema.safeParse(feature);
    if (label.success) found.set(name, label.data.names);
  }
  return found;
}
