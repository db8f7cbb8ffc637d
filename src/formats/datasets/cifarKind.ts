import { StudioError } from '../../protocol/errors';
import type { InputFile } from '../input';
import { sniff } from '../sniff';
import { cifarBinaryRole, cifarPythonRole } from './cifarLayout';
import { cifarMembers } from './cifarMembers';
import type { OpenOptions } from './format';
import type { TarMember } from './tar';

/** Which version of CIFAR some files are. */
export type CifarKind = 'binary' | 'python';

/** First byte of a pickle of protocol 2 or later. */
const PICKLE_PROTO = 0x80;

/** Answers by list of files: both formats ask about the same one, and an archive may have to be read far. */
const answers = new WeakMap<readonly InputFile[], Promise<CifarKind | null>>();

/**
 * The version of CIFAR that the files are, or null. An archive is read up to the first member that tells.
 * @throws StudioError `aborted`; damage gives null and is reported by who reads the files.
 */
export function cifarKind(files: readonly InputFile[], options: OpenOptions): Promise<CifarKind | null> {
  const known = answers.get(files);
  if (known !== undefined) return known;
  const answer = look(files, options);
  answers.set(files, answer);
  answer.catch(() => answers.delete(files)); // stopped: the next to ask looks again
  return answer;
}

async function look(files: readonly InputFile[], options: OpenOptions): Promise<CifarKind | null> {
  try {
    const [only] = files;
    if (only !== undefined && files.length === 1 && (await sniff(only)).kind === 'cifar-binary')
      return 'binary';
    for await (const member of cifarMembers(files, options)) {
      if (cifarBinaryRole(member.path) !== null) return 'binary';
      if (cifarPythonRole(member.path) !== null && (await beginsAsPickle(member))) return 'python';
    }
  } catch (thrown) {
    if (thrown instanceof StudioError && thrown.code === 'aborted') throw thrown;
  }
  return null;
}

/** `train`, `test` and `meta` are names that scripts and notes have too. */
async function beginsAsPickle(member: TarMember): Promise<boolean> {
  for await (const piece of member.body) if (piece.length > 0) return piece[0] === PICKLE_PROTO;
  return false;
}
