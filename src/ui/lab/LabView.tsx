import { useEffect } from 'react';
import { useDatasetStore } from '../../state/datasetStore';
import { useDraftStore } from '../../state/draftStore';
import { LAB_PARTS, type LabPart, useLabStore } from '../../state/labStore';
import { useModelStore } from '../../state/modelStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { Segmented } from '../common/Segmented';
import { Gallery } from './Gallery';
import styles from './LabView.module.css';
import { MatrixView } from './MatrixView';
import { PoisoningView } from './PoisoningView';
import { useFreshPlan } from './useFreshPlan';
import { VictimView } from './VictimView';

const NAMES: Readonly<Record<LabPart, string>> = {
  gallery: 'Attacks',
  poisoning: 'Poisoned images',
  train: 'Train a victim',
  matrix: 'Matrix',
};

const LEADS: Readonly<Record<LabPart, string>> = {
  gallery: 'Every attack on a few of the loaded images. The chosen one is the experiment’s.',
  poisoning:
    'Which training images the chosen attack changes. Nothing is changed before a training asks for it.',
  train: 'A classifier with a backdoor, made here from the loaded images and the chosen attack.',
  matrix: 'A victim for every attack, each defended and measured, one after the other.',
};

/** The attack lab: optional on the way, for those who need something to defend. */
export function LabView() {
  const part = useLabStore((state) => state.part);
  return (
    <div className={styles.view}>
      <header className={styles.head}>
        <Segmented
          label="Part of the attack lab"
          value={part}
          options={LAB_PARTS.map((value) => ({ value, label: NAMES[value] }))}
          onChange={(value) => useLabStore.setState({ part: value })}
        />
        <p className={styles.lead}>{LEADS[part]}</p>
      </header>
      <Hints />
      <Part part={part} />
    </div>
  );
}

function Part({ part }: { readonly part: LabPart }) {
  useFreshPictures();
  useFreshPlan();
  switch (part) {
    case 'gallery':
      return <Gallery />;
    case 'poisoning':
      return <PoisoningView />;
    case 'train':
      return <VictimView />;
    case 'matrix':
      return <MatrixView />;
  }
}

const QUIET_MS = 350;

/** Has the gallery drawn again a moment after the attack or the images have changed. */
function useFreshPictures(): void {
  const { previewAttacks } = useCommands();
  const attack = useDraftStore((state) => state.experiment.attack);
  const seed = useDraftStore((state) => state.experiment.seed);
  const normalization = useDraftStore((state) => state.experiment.model.normalization);
  const images = useDatasetStore((state) => state.summary);
  useEffect(() => {
    if (images === null) return;
    const timer = setTimeout(() => void previewAttacks(), QUIET_MS);
    return () => clearTimeout(timer);
  }, [attack, seed, normalization, images, previewAttacks]);
}

/** What holds for the whole lab: images without labels, an experiment that trains its own classifier. */
function Hints() {
  const { keepLoadedModel } = useCommands();
  const unlabelled = useDatasetStore((state) => state.summary?.labelled === false);
  const trains = useDraftStore((state) => state.experiment.model.train !== null);
  const loaded = useModelStore((state) => state.summary?.fileName ?? null);
  return (
    <>
      {unlabelled && (
        <p className={styles.hint}>
          These images carry no labels: attacks can be looked at, but no classifier can be trained on them.
        </p>
      )}
      {trains && (
        <p className={styles.hint}>
          The experiment names no model: it trains its own by the recipe below, and is defended once that
          classifier is in use.
          {loaded !== null && (
            <Button small onClick={keepLoadedModel}>
              Defend {loaded} instead
            </Button>
          )}
        </p>
      )}
    </>
  );
}
