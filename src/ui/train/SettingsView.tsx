import type { ReactNode } from 'react';
import { labelOf } from '../../state/blackBoxStore';
import { useDatasetStore } from '../../state/datasetStore';
import { applyPreset, setField, useDraftStore } from '../../state/draftStore';
import { useTrainingImages } from '../../state/trainingImages';
import { useModelStore } from '../../state/modelStore';
import { PRESETS, presetOf } from '../../state/presets';
import { isLive, useRunStore } from '../../state/runStore';
import { Button } from '../common/Button';
import { Card } from '../common/Card';
import { useCommands } from '../common/CommandsContext';
import { useOpeners } from '../drop/FileInputs';
import fieldStyles from '../fields/Fields.module.css';
import { type FieldGroup, type FieldSpec, under } from '../fields/fieldSpec';
import { PresetCards } from '../fields/PresetCards';
import { StepCount } from '../fields/StepCount';
import { TrainingCards } from '../fields/TrainingCards';
import { SettingsField } from './SettingsField';
import {
  DATA_FIELDS,
  EVALUATION_FIELDS,
  LENGTH_FIELDS,
  LOSS_FIELDS,
  TRANSFORM_FIELDS,
} from './settingsFields';
import styles from './SettingsView.module.css';

const field = (spec: FieldSpec) => <SettingsField key={spec.path} spec={spec} />;
const ofTheDefense = under('defense');

/** Every setting of the experiment, in groups, with presets that set them all. */
export function SettingsView() {
  const live = useRunStore((state) => isLive(state.phase));
  const defense = useDraftStore((state) => state.experiment.defense);
  const { count } = useTrainingImages();
  return (
    <div className={styles.view}>
      {live && <p className={styles.live}>A run is going on. What you change here is for the next one.</p>}
      <Presets />
      <div className={styles.groups}>
        <Group group={TRANSFORM_FIELDS} />
        <Group group={LOSS_FIELDS} />
        <TrainingCards
          {...defense}
          onOptimizer={(optimizer) => setField('defense.optimizer', optimizer)}
          onSchedule={(schedule) => setField('defense.schedule', schedule)}
          field={(spec) => field(ofTheDefense(spec))}
        />
        <Group group={LENGTH_FIELDS}>
          <StepCount {...defense} count={count} />
        </Group>
        <Group group={DATA_FIELDS} />
        <Group group={EVALUATION_FIELDS} />
        <ExperimentFile />
      </div>
    </div>
  );
}

function Presets() {
  const experiment = useDraftStore((state) => state.experiment);
  const current = presetOf(experiment.defense, experiment.seed);
  return (
    <div>
      <PresetCards
        name="preset"
        legend="Preset"
        presets={PRESETS}
        current={current}
        onChoose={(name) => applyPreset(name)}
      />
      <p className={styles.mixture} role="status">
        {current === null ? 'Changed from the presets' : ''}
      </p>
    </div>
  );
}

function Group({ group, children }: { readonly group: FieldGroup; readonly children?: ReactNode }) {
  return (
    <Card title={group.title}>
      {group.fields.map(field)}
      {children}
    </Card>
  );
}

function ExperimentFile() {
  const { copyExperiment, pasteExperiment, downloadExperiment, copyLink } = useCommands();
  const { openFiles } = useOpeners();
  const name = useDraftStore((state) => state.experiment.name);
  const blackBox = useDraftStore((state) => state.experiment.model.blackBox);
  const loaded = useModelStore((state) => state.summary !== null);
  const hasImages = useDatasetStore((state) => state.summary !== null);
  const complete = (blackBox === null ? loaded : labelOf(blackBox) !== '') && hasImages;
  const why = complete ? undefined : 'Once a model and images are loaded: the file names them';
  return (
    <Card title="Experiment file">
      <label className={fieldStyles.field}>
        <span className={fieldStyles.label}>Name</span>
        <input
          className={fieldStyles.text}
          value={name}
          maxLength={200}
          onChange={(event) => setField('name', event.target.value)}
        />
      </label>
      <p className={styles.hint}>
        The same JSON the command line runs: every setting, and the names of the files.
      </p>
      <div className={styles.buttons}>
        <Button small disabled={!complete} title={why} onClick={() => void copyExperiment()}>
          Copy
        </Button>
        <Button small onClick={() => void pasteExperiment()}>
          Paste
        </Button>
        <Button small disabled={!complete} title={why} onClick={downloadExperiment}>
          Download
        </Button>
        <Button small onClick={openFiles}>
          Open
        </Button>
        <Button
          small
          onClick={() => void copyLink()}
          title="Settings and seed only; never data"
          data-testid="copy-link"
        >
          Copy link
        </Button>
      </div>
    </Card>
  );
}
