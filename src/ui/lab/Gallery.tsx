import { useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { useLabStore } from '../../state/labStore';
import { Button } from '../common/Button';
import { goTo } from '../../state/viewStore';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { useOpeners } from '../drop/FileInputs';
import { AttackOptions } from './AttackOptions';
import styles from './Gallery.module.css';
import { GalleryRow } from './GalleryRow';

/** Columns of the gallery: images, each three times. */
export const SAMPLES = [0, 1, 2] as const;

/** Original, triggered and difference for every attack (Fig. 5), beside the options of the chosen one. */
export function Gallery() {
  const attacks = useDeviceStore((state) => state.attacks);
  const kind = useDraftStore((state) => state.experiment.attack?.kind ?? null);
  const hasImages = useDatasetStore((state) => state.summary !== null);
  const drawing = useLabStore((state) => state.drawing !== null);
  const chosen = attacks.find((attack) => attack.kind === kind) ?? null;
  return (
    <div className={styles.view}>
      <Card title="Attacks" note={drawing ? 'drawing…' : 'a few test images'} testId="attack-gallery">
        {hasImages ? (
          <div role="radiogroup" aria-label="Attack of the experiment">
            <div className={styles.heads} aria-hidden="true">
              <span />
              {SAMPLES.map((sample) => (
                <span key={sample} className={styles.trio}>
                  <i>original</i>
                  <i>triggered</i>
                  <i>
                    diff<s>erence</s>
                  </i>
                </span>
              ))}
            </div>
            {attacks.map((attack) => (
              <GalleryRow key={attack.kind} attack={attack} chosen={attack.kind === kind} />
            ))}
          </div>
        ) : (
          <NoImages />
        )}
      </Card>
      <AttackOptions attack={chosen} />
    </div>
  );
}

function NoImages() {
  const { openFiles } = useOpeners();
  const { openDemo } = useCommands();
  return (
    <Empty title="Nothing to put a trigger on">
      <p>Load images, with or without labels, and every attack is shown on a few of them.</p>
      <p className={styles.buttons}>
        <Button onClick={openFiles}>Choose files</Button>
        <Button onClick={() => void openDemo().then(() => goTo('lab'))}>Built-in signs</Button>
      </p>
    </Empty>
  );
}
