import type { DistilSettings } from '../../protocol/blackBox';
import { useDatasetStore } from '../../state/datasetStore';
import { setField } from '../../state/draftStore';
import { Card } from '../common/Card';
import { ArchitectureField } from '../fields/ArchitectureField';
import { type FieldSpec, under } from '../fields/fieldSpec';
import { StepCount } from '../fields/StepCount';
import { TrainingCards } from '../fields/TrainingCards';
import { FieldGroups } from '../fields/TrainingColumns';
import { LENGTH, OF_THE_EXPERIMENT, WIDTH } from '../lab/recipeFields';
import { SettingsField } from '../train/SettingsField';

const DISTIL = 'model.blackBox.distil';
const within = under(DISTIL);
/** A surrogate learns from images as they are. */
const OF_THE_SURROGATE = [WIDTH, ...LENGTH.filter(({ path }) => path !== 'augmentation')].map(within);

const field = (spec: FieldSpec) => <SettingsField key={spec.path} spec={spec} />;

/** How the surrogate is distilled, field by field: the victim's recipe, but for what its teacher decides. */
export function DistilForm({ distil }: { readonly distil: DistilSettings }) {
  const count = useDatasetStore((state) => state.summary?.trainCount ?? null);
  return (
    <FieldGroups>
      <Card title="Surrogate">
        <ArchitectureField
          chosen={distil.architecture}
          testId="surrogate-architecture"
          onChoose={({ id }) => setField(`${DISTIL}.architecture`, id)}
        />
        {OF_THE_SURROGATE.map(field)}
        <StepCount {...distil} count={count} remark=", each asked about once" />
      </Card>
      <TrainingCards
        {...distil}
        onOptimizer={(optimizer) => setField(`${DISTIL}.optimizer`, optimizer)}
        onSchedule={(schedule) => setField(`${DISTIL}.schedule`, schedule)}
        field={(spec) => field(within(spec))}
      />
      <Card title="Images and measuring" note="of the whole experiment">
        {OF_THE_EXPERIMENT.map(field)}
      </Card>
    </FieldGroups>
  );
}
