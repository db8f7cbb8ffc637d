import type { AttackDescriptor, OptionDescriptor } from '../../protocol/summaries';
import { defaultOptions } from '../../state/labAttack';
import { setField, useDraftStore } from '../../state/draftStore';
import { useAttackRefusal } from '../../state/attackRefusal';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import { OptionField } from '../trigger/OptionField';
import { TargetField } from '../trigger/TargetField';
import styles from './Gallery.module.css';

/** The options of the experiment's attack: those of its trigger, then those that only a training looks at. */
export function AttackOptions({ attack }: { readonly attack: AttackDescriptor | null }) {
  const refused = useAttackRefusal('poisoning');
  const changed = useDraftStore((state) =>
    attack === null ? false : isChanged(attack, state.experiment.attack?.options ?? {}),
  );
  if (attack === null) {
    return (
      <Card title="Options">
        <Empty title="No attack chosen">Choose one, and what can be set about it is here.</Empty>
      </Card>
    );
  }
  const training = attack.options.filter((option) => option.training);
  return (
    <Card
      title={attack.label}
      actions={
        <Button
          small
          disabled={!changed}
          onClick={() => setField('attack.options', defaultOptions(attack))}
          title="Every option as it comes"
        >
          Reset
        </Button>
      }
      className={styles.options}
      testId="attack-options"
    >
      <p className={styles.what}>{attack.description}</p>
      {refused !== null && !isOfAField(refused.subject, attack) && (
        <p className={styles.refused} role="alert">
          {refused.message}
        </p>
      )}
      <TargetField />
      <Fields attack={attack} options={attack.options.filter((option) => !option.training)} />
      {training.length > 0 && <h3 className={styles.group}>Only while a victim is trained</h3>}
      <Fields attack={attack} options={training} />
    </Card>
  );
}

interface FieldsProps {
  readonly attack: AttackDescriptor;
  readonly options: readonly OptionDescriptor[];
}

function Fields({ attack, options }: FieldsProps) {
  return options.map((option) => <OptionField key={`${attack.kind} ${option.key}`} option={option} />);
}

/** Whether a refusal stands at a field of its own. */
function isOfAField(subject: string | null, { options }: AttackDescriptor): boolean {
  return subject === 'attack.target' || options.some(({ key }) => subject === `attack.options.${key}`);
}

function isChanged(attack: AttackDescriptor, options: Readonly<Record<string, unknown>>): boolean {
  const defaults: Readonly<Record<string, unknown>> = defaultOptions(attack);
  return Object.entries(options).some(([key, value]) => value !== (defaults[key] ?? null));
}
