import type { ImageSplit } from '../../data/dataset';
import type { KeptImages } from '../../protocol/summaries';
import type { KeptSplit } from './imageKeeper';

/** The kept splits of one data set, taken together. */
export class KeptParts {
  constructor(private readonly parts: readonly KeptSplit[]) {}

  get splits(): readonly ImageSplit[] {
    return this.parts.map(({ split }) => split);
  }

  /** Null where nothing needs to be kept on disk. */
  status(): KeptImages | null {
    const found = this.parts.map((part) => part.status()).filter((status) => status !== null);
    if (found.length === 0) return null;
    const sum = (key: 'count' | 'stored' | 'bytes') =>
      found.reduce((total, status) => total + status[key], 0);
    return {
      count: sum('count'),
      stored: sum('stored'),
      bytes: sum('bytes'),
      problem: found.find(({ problem }) => problem !== null)?.problem ?? null,
    };
  }

  /** Decodes a few images that nobody has asked for yet. @returns false once there is nothing left to do. */
  async ahead(): Promise<boolean> {
    for (const part of this.parts) if (await part.ahead()) return true;
    return false;
  }

  /** Gives back what is open on disk. Never fails. */
  async close(): Promise<void> {
    for (const part of this.parts) await part.close().catch(() => undefined);
  }
}
