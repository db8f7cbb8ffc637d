import type { PoisonedClass, PoisoningSummary } from '../../protocol/summaries';
import { useClassNames } from '../../state/classNames';
import { useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { useLabStore } from '../../state/labStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { formatCount, formatPercent } from '../common/format';
import { Icon } from '../common/Icon';
import { LoadingLine } from '../common/LoadingLine';
import styles from './Poisoning.module.css';

/** How many training images the experiment's attack changes, of which classes, and which. */
export function PoisoningView() {
  const labelled = useDatasetStore((state) => state.summary?.labelled ?? null);
  const attack = useDraftStore((state) => state.experiment.attack);
  const label = useDeviceStore(
    (state) => state.attacks.find(({ kind }) => kind === attack?.kind)?.label ?? attack?.kind,
  );
  const plan = useLabStore((state) => state.plan);
  const loading = useLabStore((state) => state.planLoading);
  if (labelled !== true || attack === null) {
    return (
      <Card title="Poisoned images">
        <Empty title={attack === null ? 'No attack chosen' : 'Nothing to poison'}>
          {attack === null
            ? 'Choose one of the attacks: what it would change is counted here.'
            : labelled === null
              ? 'Load images with labels first.'
              : 'Only labelled images can be poisoned for a training.'}
        </Empty>
      </Card>
    );
  }
  return (
    <div className={styles.view}>
      <Card title="Poisoned images" note={label} testId="poisoning">
        {(plan === null || loading.kind === 'failed') && <LoadingLine loading={loading} verb="Counting" />}
        {plan !== null && <Facts plan={plan} />}
      </Card>
      {plan !== null && (
        <Card title="By class" note="images that are changed, by their true label">
          <Classes plan={plan} />
        </Card>
      )}
      {plan !== null && (
        <Card title="Which images" note="indices into the training images, from 0" className={styles.wide}>
          <Indices plan={plan} />
        </Card>
      )}
    </div>
  );
}

function Facts({ plan }: { readonly plan: PoisoningSummary }) {
  const { savePlan } = useCommands();
  const names = useClassNames();
  const target = names[plan.target] ?? `class ${plan.target}`;
  const untouched = plan.count - plan.poison - plan.cover - plan.noise;
  return (
    <>
      <dl className={styles.facts}>
        <Fact kind="poison" name="poisoned" value={plan.poison} of={plan.count}>
          {plan.relabelled > 0
            ? `${formatCount(plan.relabelled)} relabelled as ${target}; the others were of it already`
            : `every one keeps its label: the attack is clean-label, all of them are ${target}`}
        </Fact>
        {plan.cover > 0 && (
          <Fact kind="cover" name="cover" value={plan.cover} of={plan.count}>
            trigger, and their own label
          </Fact>
        )}
        {plan.noise > 0 && (
          <Fact kind="noise" name="noise" value={plan.noise} of={plan.count}>
            another warp, and their own label
          </Fact>
        )}
        <Fact kind="none" name="as they are" value={untouched} of={plan.count}>
          no trigger
        </Fact>
      </dl>
      <div className={styles.save}>
        <Button onClick={savePlan} data-testid="save-poisoning">
          <Icon name="download" size={14} />
          Save the indices
        </Button>
        <span>poisoning.json: every index, with these counts. The same seed gives the same images.</span>
      </div>
    </>
  );
}

interface FactProps {
  readonly kind: 'poison' | 'cover' | 'noise' | 'none';
  readonly name: string;
  readonly value: number;
  readonly of: number;
  readonly children: string;
}

function Fact({ kind, name, value, of, children }: FactProps) {
  return (
    <div className={styles.fact} data-kind={kind}>
      <dt>{name}</dt>
      <dd>
        <b>{formatCount(value)}</b> {formatPercent(of === 0 ? 0 : value / of)} of {formatCount(of)}
        <small>{children}</small>
      </dd>
    </div>
  );
}

/** Indices shown of each kind; the file has them all. */
const SHOWN = 120;

function Indices({ plan }: { readonly plan: PoisoningSummary }) {
  const kinds = (['poison', 'cover', 'noise'] as const).filter((kind) => plan.indices[kind].length > 0);
  return (
    <dl className={styles.indices}>
      {kinds.map((kind) => {
        const all = plan.indices[kind];
        const more = all.length - SHOWN;
        return (
          <div key={kind}>
            <dt>
              <i className={styles.key} data-kind={kind} />
              {kind === 'poison' ? 'poisoned' : kind}
            </dt>
            <dd>
              {all.slice(0, SHOWN).join(', ')}
              {more > 0 && `, and ${formatCount(more)} more in the file`}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function Classes({ plan }: { readonly plan: PoisoningSummary }) {
  const names = useClassNames();
  const changed = ({ poison, cover, noise }: PoisonedClass) => poison + cover + noise;
  const most = Math.max(1, ...plan.classes.map(changed));
  const kinds = (['poison', 'cover', 'noise'] as const).filter((kind) => kind === 'poison' || plan[kind] > 0);
  return (
    <div className={styles.scroll} tabIndex={plan.classes.length > 16 ? 0 : undefined}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Class</th>
            <td />
            {kinds.map((kind) => (
              <th key={kind} scope="col">
                <i className={styles.key} data-kind={kind} />
                {kind === 'poison' ? 'poisoned' : kind}
              </th>
            ))}
            <th scope="col">of</th>
          </tr>
        </thead>
        <tbody>
          {plan.classes.map((row) => (
            <tr key={row.label} className={row.label === plan.target ? styles.target : undefined}>
              <th scope="row">
                {names[row.label] ?? `class ${row.label}`}
                {row.label === plan.target && <small> target</small>}
              </th>
              <td className={styles.bar}>
                <span>
                  {kinds.map((kind) => (
                    <i key={kind} data-kind={kind} style={{ inlineSize: `${(row[kind] / most) * 100}%` }} />
                  ))}
                </span>
              </td>
              {kinds.map((kind) => (
                <td key={kind}>{formatCount(row[kind])}</td>
              ))}
              <td className={styles.of}>{formatCount(row.images)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
