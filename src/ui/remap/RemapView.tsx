import { classCount, useClassNames } from '../../state/classNames';
import { useDatasetStore } from '../../state/datasetStore';
import { useDraftStore } from '../../state/draftStore';
import { fixedPoints } from '../../state/labelMap';
import { useMapStore } from '../../state/mapStore';
import { useModelStore } from '../../state/modelStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { Empty } from '../common/Empty';
import { Icon } from '../common/Icon';
import { NumberInput } from '../common/NumberInput';
import { Segmented } from '../common/Segmented';
import { MapTable } from './MapTable';
import styles from './RemapView.module.css';
import { DrawOnChange } from './DrawOnChange';
import { SwapForm } from './SwapForm';

const KINDS = [
  { value: 'derangement', label: 'Derangement' },
  { value: 'shift', label: 'Shift' },
  { value: 'explicit', label: 'Your own' },
  { value: 'identity', label: 'None' },
] as const;

const WORDS = {
  derangement: 'Drawn from a seed and drawn again until no class keeps its own label: the published rule.',
  shift: 'Every class stands for the next label.',
  explicit:
    'Swap labels until the map is as you want it. Every change exchanges two, so each label is used once.',
  identity:
    'No remapping: the ablation “w/o hard-coded remapping” of the paper. A backdoor keeps its way through.',
} as const;

/** Which label each output of the model stands for. Nothing here can make a map that is not a permutation. */
export function RemapView() {
  const classes = useModelStore((state) => state.summary?.classes);
  const names = useDatasetStore((state) => state.summary?.classNames ?? null);
  const map = useMapStore((state) => state.map);
  const count = classCount(classes, names);
  return (
    <div className={styles.view} data-testid="remap-editor">
      <Card title="Label map" note={count === null ? undefined : `${count} classes`}>
        <Kind />
        {map !== null && <FixedPoints map={map} />}
        {map !== null && <SwapForm map={map} />}
      </Card>
      <Card title="Which output means what" note="outputs of the frozen model, after remapping">
        {map === null ? (
          <Empty title="No classes known yet">
            <p>Load a model or labelled images: the map is drawn for as many classes as they have.</p>
          </Empty>
        ) : (
          <MapTable map={map} />
        )}
      </Card>
    </div>
  );
}

function Kind() {
  const { drawMap } = useCommands();
  const mapping = useDraftStore((state) => state.experiment.defense.mapping);
  const seed = useDraftStore((state) => state.experiment.seed);
  const map = useMapStore((state) => state.map);
  const drawn = useDraftStore(({ experiment: { defense } }) =>
    defense.mapping.kind === 'derangement' ? defense.mapping.seed : undefined,
  );
  const choose = (kind: (typeof KINDS)[number]['value']) => {
    if (kind === 'derangement') void drawMap({ kind, seed });
    else if (kind === 'explicit') void drawMap({ kind, permutation: [...(map ?? [])] });
    else void drawMap({ kind });
  };
  return (
    <div className={styles.kind}>
      <Segmented
        label="Kind of map"
        value={mapping.kind}
        options={KINDS.map((kind) =>
          kind.value === 'explicit' ? { ...kind, disabled: map === null } : kind,
        )}
        onChange={choose}
      />
      <p className={styles.words}>{WORDS[mapping.kind]}</p>
      {mapping.kind === 'derangement' && (
        <div className={styles.seed}>
          <span>Seed</span>
          <NumberInput path="defense.mapping.seed" label="Seed of the label map" whole />
          <Button
            onClick={() => void drawMap({ kind: 'derangement', seed: ((drawn ?? seed) + 1) % 0x1_0000_0000 })}
            data-testid="remap-redraw"
          >
            <Icon name="dice" />
            Draw another
          </Button>
        </div>
      )}
      {mapping.kind === 'derangement' && <DrawOnChange seed={drawn} />}
    </div>
  );
}

function FixedPoints({ map }: { readonly map: readonly number[] }) {
  const names = useClassNames();
  const fixed = fixedPoints(map);
  if (fixed.length === 0) {
    return (
      <p className={styles.fine}>
        <Icon name="check" size={14} />
        No class keeps its own label.
      </p>
    );
  }
  const which = fixed.length > 4 ? `${fixed.length} classes` : fixed.map((index) => names[index]).join(', ');
  return (
    <p className={styles.fixed}>
      <Icon name="warning" size={14} />
      <span>
        {which} {fixed.length === 1 ? 'keeps its' : 'keep their'} own label: there, remapping takes nothing
        from a backdoor.
      </span>
    </p>
  );
}
