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
import { cx } from '../common/cx';
import { formatCount } from '../common/format';
import { useOpeners } from '../drop/FileInputs';
import {
  DATA_FIELDS,
  EVALUATION_FIELDS,
  type FieldGroup,
  LENGTH_FIELDS,
  LOSS_FIELDS,
  OPTIMIZER_DEFAULTS,
  optimizerFields,
  SCHEDULE_DEFAULTS,
  scheduleFields,
  TRANSFORM_FIELDS,
} from './fields';
import { KindField, OPTIMIZERS, SCHEDULES } from './KindField';
import { SettingsField } from './SettingsField';
import styles from './SettingsView.module.css';

/** Every setting of the experiment, in groups, with presets that set them all. */
export function SettingsView() {
  const live = useRunStore((state) => isLive(state.phase));
  return (
    <div className={styles.view}>
      {live && <p className={styles.live}>A run is going on. What you change here is for the next one.</p>}
      <Presets />
      <div className={styles.groups}>
        <Group group={TRANSFORM_FIELDS} />
        <Group group={LOSS_FIELDS} />
        <Optimizer />
        <Schedule />
        <Group group={LENGTH_FIELDS}>
          <Steps />
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
    <fieldset className={styles.presets}>
      <legend className="sr-only">Preset</legend>
      {PRESETS.map((preset) => (
        <label key={preset.name} className={cx(styles.preset, preset.name === current && styles.chosen)}>
          <input
            type="radio"
            name="preset"
            checked={preset.name === current}
            onChange={() => applyPreset(preset.name)}
            data-testid={`preset-${preset.name}`}
          />
          <span>
            <b>{preset.label}</b>
            <small>{preset.description}</small>
          </span>
        </label>
      ))}
      <p className={styles.mixture} role="status">
        {current === null ? 'Changed from the presets' : ''}
      </p>
    </fieldset>
  );
}

function Group({ group, children }: { readonly group: FieldGroup; readonly children?: ReactNode }) {
  return (
    <Card title={group.title}>
      {group.fields.map((spec) => (
        <SettingsField key={spec.path} spec={spec} />
      ))}
      {children}
    </Card>
  );
}

function Optimizer() {
  const optimizer = useDraftStore((state) => state.experiment.defense.optimizer);
  return (
    <Card title="Optimiser">
      <KindField
        label="Kind"
        value={optimizer.kind}
        options={OPTIMIZERS}
        onChange={(kind) =>
          setField('defense.optimizer', { ...OPTIMIZER_DEFAULTS[kind], learningRate: optimizer.learningRate })
        }
      />
      {optimizerFields(optimizer.kind).map((spec) => (
        <SettingsField key={spec.path} spec={spec} />
      ))}
    </Card>
  );
}

function Schedule() {
  const schedule = useDraftStore((state) => state.experiment.defense.schedule);
  return (
    <Card title="Schedule">
      <KindField
        label="Kind"
        value={schedule.kind}
        options={SCHEDULES}
        onChange={(kind) => setField('defense.schedule', SCHEDULE_DEFAULTS[kind])}
      />
      {scheduleFields(schedule.kind).map((spec) => (
        <SettingsField key={spec.path} spec={spec} />
      ))}
    </Card>
  );
}

/** How many steps these settings come to, for the images that are loaded. */
function Steps() {
  const { batchSize, epochs, maxSteps } = useDraftStore((state) => state.experiment.defense);
  const limit = useDraftStore((state) => state.experiment.dataset.train);
  const { count } = useTrainingImages();
  if (count === null) return null;
  const images = Math.min(count, limit ?? count);
  // As the trainer counts: an incomplete last batch is left out.
  const perEpoch = Math.floor(images / batchSize);
  const steps = Math.min(perEpoch * epochs, maxSteps ?? Number.POSITIVE_INFINITY);
  return (
    <p className={styles.steps}>
      About <b>{formatCount(steps)}</b> steps: {formatCount(perEpoch)} an epoch of {formatCount(images)}{' '}
      images.
    </p>
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
      <label className={styles.field}>
        <span className={styles.label}>Name</span>
        <input
          className={styles.text}
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
