import type { BlackBoxSettings } from '../../protocol/blackBox';
import { useSurrogateLoaded } from '../../state/blackBoxStore';
import { distillation } from '../../state/surrogateStore';
import { LossCard } from '../charts/LossCard';
import { TOTAL_LOSS } from '../charts/LossPlot';
import { TrainingColumns } from '../fields/TrainingColumns';
import { ModelCard } from '../model/ModelCard';
import { NormalizationCard } from '../model/NormalizationCard';
import { DistilForm } from './DistilForm';
import { SourceCard } from './SourceCard';
import { SurrogateBar } from './SurrogateBar';
import { SurrogateResult } from './SurrogateResult';

const TERMS = [{ ...TOTAL_LOSS, name: 'squared difference' }];

/** A classifier that gives only confidences: where it is, and the surrogate that is distilled from what it says. */
export function BlackBoxView({ blackBox }: { readonly blackBox: BlackBoxSettings }) {
  const loaded = useSurrogateLoaded();
  return (
    <>
      <SurrogateBar />
      <TrainingColumns
        settings={
          <>
            <SourceCard blackBox={blackBox} />
            <DistilForm distil={blackBox.distil} />
          </>
        }
        outcome={
          <>
            <LossCard
              series={distillation.series}
              note="of the confidences"
              terms={TERMS}
              testId="surrogate-loss"
            />
            <SurrogateResult />
            <NormalizationCard of={blackBox.url === null ? 'black box file' : 'black box address'} />
            {loaded && <ModelCard title="The model: the surrogate" />}
          </>
        }
      />
    </>
  );
}
