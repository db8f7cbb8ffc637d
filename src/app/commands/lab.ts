import type { AttackDescriptor } from '../../protocol/summaries';
import { useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { attackAs, planKey, previewKey } from '../../state/labAttack';
import { useLabStore } from '../../state/labStore';
import { imageShelf } from '../../state/shelves';
import { type StudioContext, wireError } from './studio';

/** Images of the gallery. */
const GALLERY_IMAGES = 3;

/** Draws the pictures of every attack whose settings have changed; one that is refused says why and leaves the others alone. */
export async function previewAttacks(context: StudioContext): Promise<void> {
  if (useLabStore.getState().drawing !== null) return;
  try {
    for (let next = outdated(); next !== null; next = outdated()) {
      useLabStore.setState({ drawing: next.kind });
      await previewAttack(context, next);
    }
  } finally {
    useLabStore.setState({ drawing: null });
  }
}

/** The next attack whose pictures are not of its settings; the experiment's own first. */
function outdated(): AttackDescriptor | null {
  const { attack } = useDraftStore.getState().experiment;
  const { attacks } = useDeviceStore.getState();
  if (useDatasetStore.getState().summary === null) return null;
  const ordered = [...attacks].sort(
    (a, b) => Number(b.kind === attack?.kind) - Number(a.kind === attack?.kind),
  );
  return (
    ordered.find(
      (descriptor) => keyOf(descriptor) !== useLabStore.getState().previews[descriptor.kind]?.key,
    ) ?? null
  );
}

function keyOf(descriptor: AttackDescriptor): string {
  const { experiment } = useDraftStore.getState();
  return previewKey(
    descriptor,
    attackAs(descriptor, experiment.attack, useLabStore.getState().kept),
    experiment,
  );
}

async function previewAttack({ client }: StudioContext, descriptor: AttackDescriptor): Promise<void> {
  const { kind } = descriptor;
  const { experiment } = useDraftStore.getState();
  const attack = attackAs(descriptor, experiment.attack, useLabStore.getState().kept);
  const key = previewKey(descriptor, attack, experiment);
  const shown = useDatasetStore.getState().summary;
  let refused = null;
  try {
    const strips = await client.call('trigger/preview', {
      experiment: { ...experiment, attack },
      count: GALLERY_IMAGES,
    });
    // Pictures of images that are not loaded any more would be shown beside others.
    if (useDatasetStore.getState().summary !== shown) return;
    imageShelf.put(`lab/${kind}/clean`, strips.clean);
    imageShelf.put(`lab/${kind}/triggered`, strips.triggered);
  } catch (thrown) {
    if (useDatasetStore.getState().summary !== shown) return;
    refused = wireError(thrown);
  }
  useLabStore.setState(({ previews }) => ({ previews: { ...previews, [kind]: { key, refused } } }));
}

/** Asks which training images the experiment's attack changes. A refusal is shown in place and no notice. */
export async function planPoisoning({ client }: StudioContext): Promise<void> {
  const { experiment } = useDraftStore.getState();
  const key = planKey(experiment);
  const shown = useDatasetStore.getState().summary;
  useLabStore.setState({ planKey: key, planLoading: { kind: 'loading', progress: null, subject: null } });
  const current = () =>
    useLabStore.getState().planKey === key && useDatasetStore.getState().summary === shown;
  try {
    const plan = await client.call('attack/plan', { experiment });
    if (current()) useLabStore.setState({ plan, planLoading: { kind: 'idle' } });
  } catch (thrown) {
    if (current()) {
      useLabStore.setState({ plan: null, planLoading: { kind: 'failed', error: wireError(thrown) } });
    }
  }
}

/** Saves what is on screen of the poisoning, every index included, as `poisoning.json`. */
export function savePlan({ save }: StudioContext): void {
  const { plan } = useLabStore.getState();
  if (plan !== null) save('poisoning.json', `${JSON.stringify(plan, null, 1)}\n`);
}
