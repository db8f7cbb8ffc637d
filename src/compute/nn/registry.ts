import { StudioError } from '../../protocol/errors';
import type { StateDict } from '../../formats/models/stateDict';
import { cifarResnetFamily } from './cifarResnet';
import { cifarDensenetFamily, torchvisionDensenetFamily } from './densenet';
import type { ProposingFamily } from './family';
import { localityVitFamily } from './localityVit';
import { firstMismatch, type Mismatch } from './matchState';
import {
  cifarMobilenetV2Family,
  toolboxMobilenetV2Family,
  torchvisionMobilenetV2Family,
} from './mobilenetV2Dialects';
import type { BoundNetwork } from './network';
import { preactResnetFamily } from './preactResnet';
import { torchvisionResnetFamily } from './torchvisionResnet';
import { traceNetwork } from './trace';
import { unetFamily } from './unet';
import { vggFamily } from './vgg';
import { timmVitFamily, torchvisionVitFamily } from './vit';

/** Every architecture the studio knows. Adding one is a file with a family and a line here. */
export const networkFamilies: readonly ProposingFamily[] = [
  cifarResnetFamily,
  torchvisionResnetFamily,
  preactResnetFamily,
  vggFamily,
  torchvisionDensenetFamily,
  cifarDensenetFamily,
  torchvisionMobilenetV2Family,
  toolboxMobilenetV2Family,
  cifarMobilenetV2Family,
  torchvisionVitFamily,
  timmVitFamily,
  localityVitFamily,
  unetFamily,
];

/** The network whose tensors are exactly these, or null; `explainUnknown` says why not. */
export function recogniseNetwork(state: StateDict): BoundNetwork | null {
  for (const family of networkFamilies) {
    const bound = family.recognise(state);
    if (bound !== null) return bound;
  }
  return null;
}

/** The family that a recognised network belongs to. */
export function familyOf(bound: BoundNetwork): ProposingFamily | null {
  return networkFamilies.find((family) => family.id === bound.id) ?? null;
}

interface NearMiss {
  readonly bound: BoundNetwork;
  readonly mismatch: Mismatch;
  readonly shared: number;
}

function nearMiss(family: ProposingFamily, state: StateDict): NearMiss | null {
  const bound = family.propose(state);
  if (bound === null) return null;
  const { tensors } = traceNetwork(bound);
  const mismatch = firstMismatch(tensors, state);
  if (mismatch === null) return null;
  return { bound, mismatch, shared: tensors.filter(({ name }) => state.has(name)).length };
}

/**
 * Why no architecture fits a state_dict: one sentence with the closest one and the first key that differs.
 * `model/shape-mismatch` where that key is there with another shape, else `model/unknown-architecture`. Returned, not
 * thrown.
 */
export function explainUnknown(state: StateDict, fileName: string): StudioError {
  const misses = networkFamilies.flatMap((family) => nearMiss(family, state) ?? []);
  const closest = misses.sort((a, b) => b.shared - a.shared)[0];
  if (closest === undefined) {
    const [first] = state.keys();
    const found = first === undefined ? 'no tensors' : `${state.size} tensors, the first \`${first}\`,`;
    const nouns = [...new Set(networkFamilies.map(({ noun }) => noun))];
    const known = `${nouns.slice(0, -1).join(', ')} or ${nouns.at(-1) ?? ''}`;
    return new StudioError(
      'model/unknown-architecture',
      `${fileName} holds ${found} but not the keys of ${known}, which are what the studio can run.`,
      { subject: fileName },
    );
  }
  const { bound, mismatch } = closest;
  return new StudioError(
    mismatch.kind === 'shape' ? 'model/shape-mismatch' : 'model/unknown-architecture',
    `${fileName} is no architecture the studio can run: it comes closest to ${bound.label}, but ${mismatch.reason}.`,
    { subject: fileName, detail: mismatch.key },
  );
}
