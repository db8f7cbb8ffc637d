import { useEffect } from 'react';
import type { DecodedReport } from '../../protocol/summaries';
import { useDiagnosticsStore } from '../../state/diagnosticsStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { formatBytes, formatCount } from '../common/format';
import styles from './Diagnostics.module.css';
import { Facts } from './Facts';

/** What is kept decoded on this machine's disk, from earlier visits too, and a way to be rid of it. */
export function DecodedCard() {
  const { readDecoded, clearDecoded } = useCommands();
  const report = useDiagnosticsStore((state) => state.decoded);
  useEffect(() => void readDecoded(), [readDecoded]);
  const total = report?.stores.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0;
  const some = report !== null && report.stores.length > 0;
  return (
    <Card
      title="Decoded images on disk"
      note={
        report?.available ? `${formatBytes(total)} of ${formatBytes(report.capBytes)} at most` : undefined
      }
      testId="decoded"
      actions={
        some && (
          <Button small onClick={() => void clearDecoded()} data-testid="decoded-clear">
            Delete all
          </Button>
        )
      }
    >
      {some ? (
        <>
          <Facts rows={report.stores.map((store) => [nameOf(store), words(store)])} />
          <p className={styles.line}>
            So that a reload decodes nothing again. What was used longest ago makes room; after a month
            without use it is deleted.
          </p>
        </>
      ) : (
        <Empty title={report?.available === false ? 'Nothing can be kept here.' : 'Nothing is kept.'}>
          Images that do not fit in memory are decoded once and read from disk from then on.
        </Empty>
      )}
    </Card>
  );
}

type Store = DecodedReport['stores'][number];

const nameOf = ({ name, open }: Store) => (open ? `${name} (loaded now)` : name);

function words({ count, sizeBytes, usedAt }: Store): string {
  const day = new Date(usedAt).toLocaleDateString('en', { day: 'numeric', month: 'short', year: 'numeric' });
  return `${formatCount(count)} images, ${formatBytes(sizeBytes)}, ${day}`;
}
