import { StudioError } from '../../protocol/errors';
import { latin1Text } from '../models/latin1';
import { unpickle } from '../models/pickle';
import { NdArray, type PickleDict, type PickleValue } from '../models/pickleValues';
import { assembleCifar, type CifarBatch } from './cifarAssemble';
import { CIFAR_IMAGE_BYTES, cifarPythonRole, interleave, type CifarRole } from './cifarLayout';
import { cifarKind } from './cifarKind';
import { cifarMembers, memberBytes } from './cifarMembers';
import type { DatasetFormat } from './format';
import { datasetName } from './paths';
import type { TarMember } from './tar';

/**
 * CIFAR-10 and CIFAR-100, python version: pickled dicts, loose or in a `.tar.gz`, read by the allow-list unpickler. One
 * pickled batch at a time is in memory beside the pixels.
 */
export const cifarPython: DatasetFormat = {
  id: 'cifar-python',
  label: 'CIFAR python batches',
  matches: async (files, options) => (await cifarKind(files, options)) === 'python',
  async open(files, options) {
    const batches: CifarBatch[] = [];
    let names: string[] | null = null;
    for await (const member of cifarMembers(files, options)) {
      const role = cifarPythonRole(member.path);
      if (role === null) continue;
      const dict = await readDict(member);
      if (role.part === 'meta') names = readNames(dict, role, member);
      else batches.push(readBatch(dict, role, member));
    }
    return assembleCifar(datasetName(files[0]?.path ?? ''), cifarPython.id, batches, names);
  },
};

function malformed(member: TarMember, why: string): StudioError {
  return new StudioError('format/malformed', `${member.path} is not a CIFAR python batch: ${why}.`, {
    subject: member.path,
  });
}

async function readDict(member: TarMember): Promise<PickleDict> {
  const value = unpickle(await memberBytes(member), { name: member.path });
  if (!(value instanceof Map)) throw malformed(member, 'it does not hold a dict');
  return value;
}

function readNames(dict: PickleDict, role: CifarRole, member: TarMember): string[] {
  const names = dict.get(role.variant.namesKey);
  if (!Array.isArray(names)) throw malformed(member, `it has no "${role.variant.namesKey}"`);
  return names.map((name) => {
    if (typeof name === 'string') return name;
    if (name instanceof Uint8Array) return latin1Text(name);
    throw malformed(member, 'a class name is not text');
  });
}

function readBatch(dict: PickleDict, role: CifarRole, member: TarMember): CifarBatch {
  const data = dict.get('data');
  const labels = readLabels(dict.get(role.variant.labelsKey), role, member);
  const count = labels.length;
  if (
    !(data instanceof NdArray) ||
    data.dtype.code !== 'u1' ||
    data.bytes.length !== count * CIFAR_IMAGE_BYTES
  ) {
    throw malformed(
      member,
      `its "data" is not one row of ${CIFAR_IMAGE_BYTES} bytes for each of ${count} labels`,
    );
  }
  const planar = data.fortranOrder ? transposed(data.bytes, count) : data.bytes;
  const pixels = new Uint8Array(planar.length);
  for (let at = 0; at < planar.length; at += CIFAR_IMAGE_BYTES) interleave(planar, at, pixels, at);
  return { path: member.path, role, pixels, labels };
}

function readLabels(value: PickleValue | undefined, role: CifarRole, member: TarMember): Int32Array {
  if (!Array.isArray(value) || value.length === 0)
    throw malformed(member, `it has no "${role.variant.labelsKey}"`);
  return Int32Array.from(value, (label) => {
    if (typeof label !== 'number' || !Number.isInteger(label))
      throw malformed(member, 'a label is not a whole number');
    return label;
  });
}

/** Rows of an array that was stored column by column. */
function transposed(bytes: Uint8Array, rows: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const columns = CIFAR_IMAGE_BYTES;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      out[row * columns + column] = bytes[column * rows + row] ?? 0;
  }
  return out;
}
