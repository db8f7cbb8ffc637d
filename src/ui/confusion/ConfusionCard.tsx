import { useState } from 'react';
import { useClassNames } from '../../state/classNames';
import { latestEvaluation, useRunStore } from '../../state/runStore';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import { Segmented } from '../common/Segmented';
import { ConfusionTable } from './ConfusionTable';
import styles from './ConfusionCard.module.css';

/** Which class is taken for which: clean or triggered images, without and with the defence. */
export function ConfusionCard({ className }: { readonly className?: string | undefined }) {
  const before = useRunStore((state) => state.before);
  const now = useRunStore(latestEvaluation);
  const target = useRunStore((state) => state.experiment?.attack?.target ?? null);
  const names = useClassNames();
  const [images, setImages] = useState<'clean' | 'triggered'>('clean');
  const [when, setWhen] = useState<'before' | 'after'>('after');
  const evaluation = when === 'before' ? before : now;
  const counts = images === 'clean' ? evaluation?.confusion : evaluation?.confusionTriggered;
  return (
    <Card
      title="Which class is taken for which"
      note="images of a row, by prediction"
      className={className}
      testId="confusion"
      actions={
        <>
          <Segmented
            label="Images of the table"
            value={images}
            options={[
              { value: 'clean', label: 'Clean' },
              { value: 'triggered', label: 'Triggered' },
            ]}
            onChange={setImages}
          />
          <Segmented
            label="Model of the table"
            value={when}
            options={[
              { value: 'before', label: 'No defence' },
              { value: 'after', label: 'Defended' },
            ]}
            onChange={setWhen}
          />
        </>
      }
    >
      {counts ? (
        <div className={styles.body}>
          <ConfusionTable
            counts={counts}
            names={names}
            tone={images}
            target={images === 'triggered' ? target : null}
          />
        </div>
      ) : (
        <Empty title="Not measured">
          {evaluation === null
            ? 'The table fills with the first measurement.'
            : images === 'triggered'
              ? 'No trigger is known, so there are no triggered images.'
              : 'The images carry no labels.'}
        </Empty>
      )}
    </Card>
  );
}
