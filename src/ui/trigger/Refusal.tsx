import { useAttackRefusal } from '../../state/attackRefusal';
import styles from './TriggerView.module.css';

/** What the engine has against this field of the attack, where it is this field that it is about. @param subject its dotted path. */
export function Refusal({ subject }: { readonly subject: string }) {
  const refusal = useAttackRefusal('poisoning');
  if (refusal?.subject !== subject) return null;
  return (
    <small className={styles.refusal} role="alert">
      {refusal.message}
    </small>
  );
}
