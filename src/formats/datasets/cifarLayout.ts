import { baseName } from './paths';

/** What sets CIFAR-10 and CIFAR-100 apart. Images are 32x32, stored as three planes: red, green, blue. */
export interface CifarVariant {
  readonly title: string;
  /** Bytes before the pixels of a binary record; the last of them is the label (CIFAR-100: coarse, then fine). */
  readonly labelBytes: number;
  /** Keys of the pickled dicts. */
  readonly labelsKey: string;
  readonly namesKey: string;
  readonly classes: number;
  /** Names used where no meta file came along; null: the class numbers. */
  readonly defaultNames: readonly string[] | null;
}

/** Which part of CIFAR a file is. `order` puts the training batches in their official sequence. */
export interface CifarRole {
  readonly variant: CifarVariant;
  readonly part: 'train' | 'test' | 'meta';
  readonly order: number;
}

/** Side of an image. */
export const CIFAR_SIDE = 32;
/** Bytes of one image's pixels. */
export const CIFAR_IMAGE_BYTES = CIFAR_SIDE * CIFAR_SIDE * 3;

const CIFAR10: CifarVariant = {
  title: 'CIFAR-10',
  labelBytes: 1,
  labelsKey: 'labels',
  namesKey: 'label_names',
  classes: 10,
  defaultNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
};
const CIFAR100: CifarVariant = {
  title: 'CIFAR-100',
  labelBytes: 2,
  labelsKey: 'fine_labels',
  namesKey: 'fine_label_names',
  classes: 100,
  defaultNames: null,
};

type RoleTable = readonly (readonly [RegExp, CifarVariant, CifarRole['part']])[];

const BINARY: RoleTable = [
  [/^data_batch_(\d+)\.bin$/, CIFAR10, 'train'],
  [/^test_batch\.bin$/, CIFAR10, 'test'],
  [/^batches\.meta\.txt$/, CIFAR10, 'meta'],
  [/^train\.bin$/, CIFAR100, 'train'],
  [/^test\.bin$/, CIFAR100, 'test'],
  [/^fine_label_names\.txt$/, CIFAR100, 'meta'],
];
const PYTHON: RoleTable = [
  [/^data_batch_(\d+)$/, CIFAR10, 'train'],
  [/^test_batch$/, CIFAR10, 'test'],
  [/^batches\.meta$/, CIFAR10, 'meta'],
  [/^train$/, CIFAR100, 'train'],
  [/^test$/, CIFAR100, 'test'],
  [/^meta$/, CIFAR100, 'meta'],
];

/** The role of a member of the binary archives, by its name, or null. */
export function cifarBinaryRole(path: string): CifarRole | null {
  return roleIn(BINARY, path);
}

/** The role of a member of the python archives, by its name, or null. */
export function cifarPythonRole(path: string): CifarRole | null {
  return roleIn(PYTHON, path);
}

/** A lone batch under a name of its own: the training part of the variant whose records fit its size, or null. */
export function cifarRoleBySize(size: number): CifarRole | null {
  const variant = [CIFAR10, CIFAR100].find(({ labelBytes }) => size % (labelBytes + CIFAR_IMAGE_BYTES) === 0);
  return variant === undefined || size === 0 ? null : { variant, part: 'train', order: 0 };
}

function roleIn(table: RoleTable, path: string): CifarRole | null {
  const name = baseName(path);
  for (const [pattern, variant, part] of table) {
    const match = pattern.exec(name);
    if (match !== null) return { variant, part, order: Number(match[1] ?? 0) };
  }
  return null;
}

/** Planar to interleaved: 3 planes of 1,024 bytes at `source[from]` become 1,024 RGB pixels at `target[to]`. */
export function interleave(source: Uint8Array, from: number, target: Uint8Array, to: number): void {
  const plane = CIFAR_SIDE * CIFAR_SIDE;
  for (let pixel = 0; pixel < plane; pixel++) {
    target[to + pixel * 3] = source[from + pixel] ?? 0;
    target[to + pixel * 3 + 1] = source[from + plane + pixel] ?? 0;
    target[to + pixel * 3 + 2] = source[from + 2 * plane + pixel] ?? 0;
  }
}
