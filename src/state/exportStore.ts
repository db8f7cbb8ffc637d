import { create } from 'zustand';
import type { ExportKind } from '../protocol/messages';

/** What is known of one export. */
export interface ExportState {
  readonly sizeBytes: number | null;
  readonly busy: boolean;
}

interface ExportsState {
  readonly files: Readonly<Partial<Record<ExportKind, ExportState>>>;
}

/** The files that can be taken home, as far as they have been made. */
export const useExportStore = create<ExportsState>()(() => ({ files: {} }));

export function setExport(kind: ExportKind, state: ExportState): void {
  useExportStore.setState(({ files }) => ({ files: { ...files, [kind]: state } }));
}
