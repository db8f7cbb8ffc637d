import { victimSeries } from '../../state/victimStore';
import { LossCard } from '../charts/LossCard';
import { TOTAL_LOSS } from '../charts/LossPlot';
import { TrainingColumns } from '../fields/TrainingColumns';
import { RecipeForm } from './RecipeForm';
import { RecipePresets } from './RecipePresets';
import { VictimBar } from './VictimBar';
import { VictimResult } from './VictimResult';

const TERMS = [{ ...TOTAL_LOSS, name: 'loss' }];

/** A classifier with a backdoor: its recipe, its training, and what came of it. */
export function VictimView() {
  return (
    <>
      <VictimBar />
      <TrainingColumns
        stays
        settings={
          <>
            <RecipePresets />
            <RecipeForm />
          </>
        }
        outcome={
          <>
            <LossCard series={victimSeries} note="of the classifier" terms={TERMS} testId="victim-loss" />
            <VictimResult />
          </>
        }
      />
    </>
  );
}
