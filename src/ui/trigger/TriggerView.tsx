import type { AttackDescriptor } from '../../protocol/summaries';
import { chooseAttack } from '../../state/chooseAttack';
import { useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { setField, useDraftStore } from '../../state/draftStore';
import { goTo } from '../../state/viewStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { cx } from '../common/cx';
import { Empty } from '../common/Empty';
import { OptionField } from './OptionField';
import { TargetField } from './TargetField';
import { TriggerPreviewPane } from './TriggerPreviewPane';
import styles from './TriggerView.module.css';

/** The trigger the defence is measured with. It is never used for any choice the defence makes. */
export function TriggerView() {
  const attack = useDraftStore((state) => state.experiment.attack);
  const attacks = useDeviceStore((state) => state.attacks);
  const descriptor = attacks.find(({ kind }) => kind === attack?.kind) ?? null;
  return (
    <div className={styles.view}>
      <Card
        title="Trigger"
        note="used to measure, never to train"
        actions={
          <Button small onClick={() => goTo('lab')}>
            All of them side by side
          </Button>
        }
      >
        <Kinds attacks={attacks} kind={attack?.kind ?? null} />
        {attack === null ? (
          <p className={styles.none}>
            With no trigger known, the attack success rate cannot be measured. The studio reports accuracy and
            how often the defended model agrees with the original one instead.
          </p>
        ) : (
          <>
            <TargetField />
            {descriptor?.options.map((option) => (
              <OptionField key={`${attack.kind} ${option.key}`} option={option} />
            ))}
          </>
        )}
      </Card>
      <Card title="What it does" note="a few test images">
        {attack === null ? <Empty title="No trigger to show" /> : <Preview />}
      </Card>
    </div>
  );
}

function Preview() {
  const hasImages = useDatasetStore((state) => state.summary !== null);
  return hasImages ? (
    <TriggerPreviewPane />
  ) : (
    <Empty title="Nothing to put the trigger on">
      <p>Load images first.</p>
    </Empty>
  );
}

interface KindsProps {
  readonly attacks: readonly AttackDescriptor[];
  readonly kind: string | null;
}

function Kinds({ attacks, kind }: KindsProps) {
  const choose = (next: AttackDescriptor | null) =>
    next === null ? setField('attack', null) : chooseAttack(next);
  const choices = [...attacks, null];
  return (
    <fieldset className={styles.kinds}>
      <legend className="sr-only">Kind of trigger</legend>
      {choices.map((choice) => (
        <label
          key={choice?.kind ?? 'none'}
          className={cx(styles.kind, (choice?.kind ?? null) === kind && styles.chosen)}
        >
          <input
            type="radio"
            name="trigger-kind"
            checked={(choice?.kind ?? null) === kind}
            onChange={() => choose(choice)}
          />
          <span>
            <b>{choice?.label ?? 'No trigger known'}</b>
            <small>{choice?.description ?? 'The usual case: one suspects, but has seen no attack.'}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
