import type { ExportKind } from '../../protocol/messages';
import type { Rate } from '../../protocol/results';
import { useBusy } from '../../state/busy';
import { useExportStore } from '../../state/exportStore';
import { isInEngine } from '../../state/training';
import { useVictimStore } from '../../state/victimStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { formatDuration, formatPercent, formatRateCounts } from '../common/format';
import { Icon } from '../common/Icon';
import styles from './Victim.module.css';

const FILES: readonly { readonly kind: ExportKind; readonly label: string; readonly title: string }[] = [
  { kind: 'victim.pth', label: '.pth', title: 'A PyTorch state_dict that the official class loads' },
  { kind: 'victim.safetensors', label: '.safetensors', title: 'The same weights as safetensors' },
  { kind: 'victim-metrics.csv', label: 'metrics', title: 'The curve: a row a logged step' },
  { kind: 'victim-results.json', label: 'results', title: 'What was measured, with adapter and time' },
  { kind: 'poisoning.json', label: 'poisoned images', title: 'Which training images were poisoned' },
  { kind: 'attack.safetensors', label: 'grid', title: 'What the attack drew, to be given to it again' },
];

/** What came of the training: how good and how backdoored the classifier is, and where it goes from here. */
export function VictimResult() {
  const evaluation = useVictimStore((state) => state.evaluation);
  const experiment = useVictimStore((state) => state.experiment);
  const results = useVictimStore((state) => state.results);
  const there = useVictimStore(isInEngine);
  const stored = useVictimStore((state) => state.stored);
  const note = results
    ? `${results.steps} steps in ${formatDuration(results.trainingSeconds)}, ${results.adapter}`
    : experiment?.name;
  if (evaluation === null && !there) {
    return (
      <Card title="The classifier">
        <Empty title={stored ? 'It was not measured' : 'None yet'}>
          {stored
            ? 'This training lies in storage. Go on with it, or bring it back, to use its classifier.'
            : 'When it is trained, its accuracy and its attack success rate are here, and it can become the model to defend.'}
        </Empty>
      </Card>
    );
  }
  return (
    <Card title="The classifier" note={note} testId="victim-result">
      <div className={styles.rates}>
        <RateFact
          name="Benign accuracy"
          rate={evaluation?.benignAccuracy ?? null}
          tone="clean"
          testId="victim-ba"
        />
        <RateFact
          name="Attack success"
          rate={evaluation?.attackSuccessRate ?? null}
          tone="triggered"
          testId="victim-asr"
        />
      </div>
      <Takeaways there={there} stored={stored} />
    </Card>
  );
}

interface RateFactProps {
  readonly name: string;
  readonly rate: Rate | null;
  readonly tone: 'clean' | 'triggered';
  readonly testId: string;
}

function RateFact({ name, rate, tone, testId }: RateFactProps) {
  return (
    <div className={styles.rate} data-tone={tone} data-testid={testId}>
      <span>{name}</span>
      <b>{rate === null ? '–' : formatPercent(rate.rate)}</b>
      <small>{rate === null ? 'not measured' : formatRateCounts(rate)}</small>
    </div>
  );
}

function Takeaways({ there, stored }: { readonly there: boolean; readonly stored: boolean }) {
  const { adoptVictim, exportFile } = useCommands();
  const busy = useBusy() !== null;
  const pending = useVictimStore((state) => state.pending !== null);
  const files = useExportStore((state) => state.files);
  // Of the attacks, only the warp draws numbers that are worth keeping.
  const drawn = useVictimStore((state) => state.experiment?.attack?.kind === 'wanet');
  if (stored) {
    return (
      <p className={styles.note}>
        It lies in storage: bring it back with the button above to use or export it.
      </p>
    );
  }
  return (
    <div className={styles.takeaways}>
      <Button
        tone="primary"
        disabled={!there || busy || pending}
        onClick={() => void adoptVictim()}
        data-testid="adopt-victim"
      >
        Use as the model
        <Icon name="arrow" size={14} />
      </Button>
      {FILES.filter(({ kind }) => kind !== 'attack.safetensors' || drawn).map(({ kind, label, title }) => (
        <Button
          key={kind}
          small
          title={title}
          aria-label={`Download ${kind}`}
          disabled={!there || (files[kind]?.busy ?? false)}
          onClick={() => void exportFile(kind)}
          data-testid={`export-${kind}`}
        >
          <Icon name="download" size={13} />
          {label}
        </Button>
      ))}
    </div>
  );
}
