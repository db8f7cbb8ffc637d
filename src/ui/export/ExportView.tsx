import { useEffect } from 'react';
import type { ExportKind } from '../../protocol/messages';
import { useExportStore } from '../../state/exportStore';
import { hasTransform, isLive, useRunStore } from '../../state/runStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { formatBytes } from '../common/format';
import { Icon } from '../common/Icon';
import styles from './ExportView.module.css';

const FILES: readonly { readonly kind: ExportKind; readonly what: string }[] = [
  {
    kind: 'transform.pth',
    what: 'The transform as a PyTorch state_dict with the official key names: UNetLittle.load_state_dict takes it.',
  },
  { kind: 'transform.safetensors', what: 'The same weights as safetensors, which nothing can hide code in.' },
  {
    kind: 'label_map.json',
    what: 'Which label each output of the model stands for. The transform is of no use without it.',
  },
  { kind: 'label_shuffle.pth', what: 'The same map as the official code reads it.' },
  {
    kind: 'experiment.json',
    what: 'Every setting of the run and the hashes of its inputs: reruns to the same numbers.',
  },
  { kind: 'results.json', what: 'What was measured before and after, with counts, adapter and time.' },
  { kind: 'metrics.csv', what: 'The curves: a row a logged step.' },
];

/** What can be taken home, and how it comes back. */
export function ExportView() {
  const { measureExports, resumeFrom } = useCommands();
  const phase = useRunStore((state) => state.phase);
  const runId = useRunStore((state) => state.runId);
  const something = useRunStore(hasTransform);
  const stored = useRunStore((state) => state.stored && state.checkpoint !== null);
  const still = something && !isLive(phase);
  useEffect(() => {
    if (still) void measureExports();
  }, [still, runId, measureExports]);
  if (!something) {
    return (
      <Card title="Export">
        <Empty title="Nothing to take home yet">
          {stored
            ? 'The run on the page is read back from storage. Resume it, or bring it back, to export its transform.'
            : 'Train a defence, or drop an exported one: then its transform, label map, settings and figures are here.'}
          {stored && runId !== null && <Button onClick={() => void resumeFrom(runId)}>Go on with it</Button>}
        </Empty>
      </Card>
    );
  }
  return (
    <div className={styles.view}>
      <Card title="Everything in one file" className={styles.bundle}>
        <p className={styles.lead}>
          The transform, the label map, settings and figures as one zip. Drop it back on this page, with the
          model it defends, and the defended model is restored.
        </p>
        <FileButton kind="bundle.zip" primary />
        {isLive(phase) && (
          <p className={styles.note}>The run goes on: the files hold the transform as it is now.</p>
        )}
      </Card>
      <Card title="One by one">
        <ul className={styles.files}>
          {FILES.map(({ kind, what }) => (
            <li key={kind}>
              <div>
                <b>{kind}</b>
                <p>{what}</p>
              </div>
              <FileButton kind={kind} />
            </li>
          ))}
        </ul>
      </Card>
    </div>
  );
}

function FileButton({ kind, primary = false }: { readonly kind: ExportKind; readonly primary?: boolean }) {
  const { exportFile } = useCommands();
  const state = useExportStore(({ files }) => files[kind]);
  const size = state?.sizeBytes ?? null;
  return (
    <div className={styles.button}>
      <span className={styles.size}>{size === null ? '' : formatBytes(size)}</span>
      <Button
        tone={primary ? 'primary' : 'plain'}
        disabled={state?.busy ?? false}
        aria-label={`Download ${kind}`}
        onClick={() => void exportFile(kind)}
        data-testid={`export-${kind}`}
      >
        <Icon name="download" size={14} />
        {state?.busy ? 'Making…' : primary ? 'Download bundle.zip' : 'Download'}
      </Button>
    </div>
  );
}
