import type { ModelSummary } from '../../protocol/summaries';
import { useModelStore } from '../../state/modelStore';
import { goTo } from '../../state/viewStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { cx } from '../common/cx';
import { formatCount, formatParameters } from '../common/format';
import { formatName } from '../common/formatName';
import { Icon } from '../common/Icon';
import { LoadingLine } from '../common/LoadingLine';
import styles from './ModelView.module.css';
import { NoModel } from './NoModel';

/** What the loaded model is, and what can be done with it. */
export function ModelCard({ title }: { readonly title: string }) {
  const summary = useModelStore((state) => state.summary);
  const loading = useModelStore((state) => state.loading);
  return (
    <Card title={title} note={summary?.fileName} testId="model-card">
      <LoadingLine loading={loading} verb="Reading" />
      {summary === null ? <NoModel /> : <ModelFacts summary={summary} />}
    </Card>
  );
}

const VERDICTS = {
  'can-be-defended': ['Can be defended', 'good'],
  'can-only-be-evaluated': ['Can only be evaluated', 'warn'],
  unsupported: ['Unsupported', 'bad'],
} as const;

function ModelFacts({ summary }: { readonly summary: ModelSummary }) {
  const [verdict, tone] = VERDICTS[summary.verdict];
  const metadata = Object.entries(summary.metadata);
  return (
    <>
      <div className={cx(styles.verdict, styles[tone])}>
        <Icon name={tone === 'good' ? 'check' : 'warning'} size={18} />
        <div>
          <b>{verdict}</b>
          <p>{withoutVerdict(summary.verdictReason)}</p>
        </div>
        {summary.verdict === 'can-be-defended' && (
          <Button small onClick={() => goTo('images')}>
            On to the images
            <Icon name="arrow" size={14} />
          </Button>
        )}
      </div>
      <dl className={styles.facts}>
        <Fact name="Network" value={summary.architectureLabel} />
        <Fact
          name="Parameters"
          value={`${formatParameters(summary.parameters)} (${formatCount(summary.parameters)})`}
        />
        <Fact name="Classes" value={summary.classes === null ? 'unknown' : formatCount(summary.classes)} />
        <Fact
          name="Input"
          value={
            summary.inputShape === null
              ? 'unknown'
              : `${summary.inputShape.join(' × ')} (height, width, channels)`
          }
        />
        <Fact name="Format" value={formatName(summary.format)} />
        <Fact name="Tensors" value={formatCount(summary.tensors)} />
        <Fact name="SHA-256" value={summary.hash} mono />
        {metadata.map(([key, value]) => (
          <Fact key={key} name={key} value={value} />
        ))}
        {summary.opaqueObjects.length > 0 && (
          <Fact name="Not run, not read" value={summary.opaqueObjects.join(', ')} mono />
        )}
      </dl>
    </>
  );
}

/** The reason without the verdict, which the heading beside it says already. */
function withoutVerdict(reason: string): string {
  const plain = reason.replace(/^(can be defended|can only be evaluated|unsupported):\s*/i, '');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

function Fact({
  name,
  value,
  mono = false,
}: {
  readonly name: string;
  readonly value: string;
  readonly mono?: boolean;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={mono ? styles.mono : undefined}>{value}</dd>
    </div>
  );
}
