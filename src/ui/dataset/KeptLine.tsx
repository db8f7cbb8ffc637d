import type { KeptImages } from '../../protocol/summaries';
import { formatBytes, formatCount } from '../common/format';
import styles from './DatasetView.module.css';

/** How far images that are too large for memory are decoded and kept on disk, and what stands in the way. */
export function KeptLine({ kept }: { readonly kept: KeptImages | null }) {
  if (kept === null) return null;
  const { count, stored, bytes, problem } = kept;
  return (
    <>
      {stored > 0 && (
        <p className={styles.kept} data-testid="kept">
          {stored === count ? 'All' : `${formatCount(stored)} of`} {formatCount(count)} images are decoded and
          kept on this disk ({formatBytes(bytes)}).
        </p>
      )}
      {problem !== null && (
        <p className={styles.warning} data-testid="kept-problem">
          {problem}
        </p>
      )}
    </>
  );
}
