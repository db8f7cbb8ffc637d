import type { ExportKind } from '../../protocol/messages';
import { setExport } from '../../state/exportStore';
import { notifyError } from '../../state/noticeStore';
import { type StudioContext, wireError } from './studio';

/** What is made at once to know its size; the bundle holds all of it and is made when asked for. */
const MEASURED: readonly ExportKind[] = [
  'transform.safetensors',
  'transform.pth',
  'label_map.json',
  'label_shuffle.pth',
  'metrics.csv',
  'experiment.json',
  'results.json',
];

/** Makes one file and saves it. */
export async function exportFile(context: StudioContext, kind: ExportKind): Promise<void> {
  setExport(kind, { sizeBytes: null, busy: true });
  try {
    const { name, bytes } = await context.client.call('export/file', { kind });
    setExport(kind, { sizeBytes: bytes.byteLength, busy: false });
    context.save(name, bytes as Uint8Array<ArrayBuffer>);
  } catch (thrown) {
    setExport(kind, { sizeBytes: null, busy: false });
    notifyError(wireError(thrown));
  }
}

/** Sizes of the files. One that cannot be made now keeps its size unknown: asking for it says why. */
export async function measureExports(context: StudioContext): Promise<void> {
  for (const kind of MEASURED) {
    try {
      const { bytes } = await context.client.call('export/file', { kind });
      setExport(kind, { sizeBytes: bytes.byteLength, busy: false });
    } catch {
      setExport(kind, { sizeBytes: null, busy: false });
    }
  }
}
