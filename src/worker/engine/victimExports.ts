import { assetTensors } from '../../compute/attacks/assets';
import { writePth } from '../../formats/exports/pthWriter';
import { writeSafetensors } from '../../formats/exports/safetensorsWriter';
import { StudioError } from '../../protocol/errors';
import type { ExportKind } from '../../protocol/messages';
import type { GpuQueue } from './gpuQueue';
import type { Session } from './session';
import { poisoningOf } from './poisoning';

/** What can be taken home of a classifier made here. */
const VICTIM_EXPORTS = [
  'victim.pth',
  'victim.safetensors',
  'victim-metrics.csv',
  'victim-results.json',
  'poisoning.json',
  'attack.safetensors',
] as const satisfies readonly ExportKind[];

export type VictimExport = (typeof VICTIM_EXPORTS)[number];

export function isVictimExport(kind: ExportKind): kind is VictimExport {
  return (VICTIM_EXPORTS as readonly ExportKind[]).includes(kind);
}

/**
 * One export of the classifier made here, as it is now; `poisoning.json` and `attack.safetensors` also of an attack that was only looked at.
 * @throws StudioError `worker/nothing-loaded`, and as `poisoningOf`.
 */
export async function victimFile(
  session: Session,
  queue: GpuQueue,
  kind: VictimExport,
): Promise<{ name: string; bytes: Uint8Array }> {
  const text = (content: string) => ({ name: kind, bytes: new TextEncoder().encode(content) });
  const made = session.madeVictim;
  if (kind === 'poisoning.json') {
    const experiment = made?.experiment ?? session.experimentOrDefault();
    return text(`${JSON.stringify(await poisoningOf(session, experiment), null, 1)}\n`);
  }
  if (kind === 'attack.safetensors') {
    const attack = await session.triggerFor(made?.experiment ?? session.experimentOrDefault());
    if (attack && Object.keys(attack.assets).length > 0) {
      return { name: kind, bytes: writeSafetensors(assetTensors(attack), { kind: attack.kind }) };
    }
    throw new StudioError('trigger/invalid', 'This attack has drawn nothing that would have to be kept.', {
      subject: kind,
    });
  }
  if (!made) throw new StudioError('worker/nothing-loaded', 'No classifier was trained here yet.');
  switch (kind) {
    case 'victim.pth':
      return { name: kind, bytes: writePth(await queue.run(() => made.state())) };
    case 'victim.safetensors':
      return { name: kind, bytes: writeSafetensors(await queue.run(() => made.state()), { format: 'pt' }) };
    case 'victim-metrics.csv':
      return text(made.metricsCsv());
    case 'victim-results.json': {
      const results = made.resultsJson();
      if (results !== null) return text(results);
      throw new StudioError('worker/nothing-loaded', 'There are no results yet: the training is not over.', {
        subject: kind,
      });
    }
    default:
      return kind satisfies never;
  }
}
