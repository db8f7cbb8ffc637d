import { useBusy } from '../../state/busy';
import { chooseBlackBox, leaveBlackBox } from '../../state/blackBoxStore';
import { useDraftStore } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { BlackBoxView } from '../blackbox/BlackBoxView';
import { Card } from '../common/Card';
import { formatCount } from '../common/format';
import { Segmented } from '../common/Segmented';
import { LayerTable } from './LayerTable';
import { ModelCard } from './ModelCard';
import styles from './ModelView.module.css';
import { NormalizationCard } from './NormalizationCard';
import { TensorTable } from './TensorTable';

const LEADS = {
  weights: 'The model is read whole: REFINE is trained in front of it.',
  confidences:
    'A surrogate learns what the black box says, REFINE is trained on the surrogate, and the transform is put in front of the black box.',
} as const;

/** The classifier to defend: read whole, or only asked. */
export function ModelView() {
  const blackBox = useDraftStore((state) => state.experiment.model.blackBox);
  const busy = useBusy() !== null;
  const had = blackBox === null ? 'weights' : 'confidences';
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <Segmented
          label="What can be had of the classifier"
          value={had}
          options={[
            { value: 'weights', label: 'Its weights', disabled: busy },
            { value: 'confidences', label: 'Only its confidences', disabled: busy },
          ]}
          onChange={(value) => (value === 'weights' ? leaveBlackBox() : chooseBlackBox())}
        />
        <p className={styles.lead}>{LEADS[had]}</p>
      </header>
      {blackBox === null ? <OpenModel /> : <BlackBoxView blackBox={blackBox} />}
    </div>
  );
}

/** The model card and how the model is fed. */
function OpenModel() {
  const summary = useModelStore((state) => state.summary);
  return (
    <div className={styles.view}>
      <ModelCard title="Model" />
      {summary !== null && <NormalizationCard of="model" />}
      {summary !== null && (
        <Card title="Layers" note={`${summary.layers.length} listed`} className={styles.layers}>
          <LayerTable layers={summary.layers} />
        </Card>
      )}
      {summary !== null && (
        <Card title="Tensors" note={`${formatCount(summary.tensors)} in the file`} className={styles.layers}>
          <TensorTable />
        </Card>
      )}
    </div>
  );
}
