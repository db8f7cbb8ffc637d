import type { DistilSettings } from '../../protocol/blackBox';
import { useDatasetStore } from '../../state/datasetStore';
import { useDeviceStore } from '../../state/deviceStore';
import { setField, useDraftStore } from '../../state/draftStore';
import { Card } from '../common/Card';
import { formatCount } from '../common/format';
import { LENGTH, OF_THE_EXPERIMENT, optimizerSpecs, scheduleSpecs, WIDTH } from '../lab/recipeFields';
import { type FieldSpec, OPTIMIZER_DEFAULTS, SCHEDULE_DEFAULTS } from '../train/fields';
import { KindField, OPTIMIZERS, SCHEDULES } from '../train/KindField';
import { SettingsField } from '../train/SettingsField';
import fieldStyles from '../train/SettingsView.module.css';
import styles from './BlackBox.module.css';

const DISTIL = 'model.blackBox.distil';
const within = (spec: FieldSpec): FieldSpec => ({ ...spec, path: `${DISTIL}.${spec.path}` });
/** A surrogate learns from images as they are. */
const OF_THE_SURROGATE = [WIDTH, ...LENGTH.filter(({ path }) => path !== 'augmentation')].map(within);

/** How the surrogate is distilled, field by field: the victim's recipe, but for what its teacher decides. */
export function DistilForm({ distil }: { readonly distil: DistilSettings }) {
  const { optimizer, schedule } = distil;
  return (
    <div className={styles.groups}>
      <Card title="Surrogate">
        <Architecture chosen={distil.architecture} />
        {OF_THE_SURROGATE.map((spec) => (
          <SettingsField key={spec.path} spec={spec} />
        ))}
        <Steps {...distil} />
      </Card>
      <Card title="Optimiser">
        <KindField
          label="Kind"
          value={optimizer.kind}
          options={OPTIMIZERS}
          onChange={(kind) =>
            setField(`${DISTIL}.optimizer`, {
              ...OPTIMIZER_DEFAULTS[kind],
              learningRate: optimizer.learningRate,
            })
          }
        />
        {optimizerSpecs(optimizer.kind).map((spec) => (
          <SettingsField key={spec.path} spec={within(spec)} />
        ))}
      </Card>
      <Card title="Schedule">
        <KindField
          label="Kind"
          value={schedule.kind}
          options={SCHEDULES}
          onChange={(kind) => setField(`${DISTIL}.schedule`, SCHEDULE_DEFAULTS[kind])}
        />
        {scheduleSpecs(schedule.kind).map((spec) => (
          <SettingsField key={`${schedule.kind} ${spec.path}`} spec={within(spec)} />
        ))}
      </Card>
      <Card title="Images and measuring" note="of the whole experiment">
        {OF_THE_EXPERIMENT.map((spec) => (
          <SettingsField key={spec.path} spec={spec} />
        ))}
      </Card>
    </div>
  );
}

function Architecture({ chosen }: { readonly chosen: string }) {
  const architectures = useDeviceStore((state) => state.architectures);
  const known = architectures.some(({ id }) => id === chosen);
  return (
    <label className={styles.stacked}>
      <span>Architecture</span>
      <select
        className={fieldStyles.select}
        value={chosen}
        onChange={(event) => setField(`${DISTIL}.architecture`, event.target.value)}
        data-testid="surrogate-architecture"
      >
        {!known && <option value={chosen}>{chosen}</option>}
        {architectures.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

/** How many steps these settings come to, for the images that are loaded. */
function Steps({ batchSize, epochs, maxSteps }: DistilSettings) {
  const limit = useDraftStore((state) => state.experiment.dataset.train);
  const count = useDatasetStore((state) => state.summary?.trainCount ?? null);
  if (count === null) return null;
  const images = Math.min(count, limit ?? count);
  const perEpoch = Math.floor(images / batchSize);
  const steps = Math.min(perEpoch * epochs, maxSteps ?? Number.POSITIVE_INFINITY);
  return (
    <p className={fieldStyles.steps}>
      <b>{formatCount(steps)}</b> steps: {formatCount(perEpoch)} an epoch of {formatCount(images)} images,
      each asked about once.
    </p>
  );
}
