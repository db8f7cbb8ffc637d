import { useDistilBlocker } from '../../state/blackBoxReadiness';
import { useDraftStore } from '../../state/draftStore';
import { distillation, useSurrogateStore } from '../../state/surrogateStore';
import { useCommands } from '../common/CommandsContext';
import { formatCount } from '../common/format';
import { TrainingBar } from '../train/TrainingBar';
import { surrogateTitle } from './surrogateWords';
import { useLeave } from './useLeave';

/** Where the distillation is and what can be done with it. An address is asked for leave before each start. */
export function SurrogateBar() {
  const commands = useCommands();
  const blackBox = useDraftStore((state) => state.experiment.model.blackBox);
  // What is gone on with is as it was started, whatever the draft says by now.
  const started = useSurrogateStore((state) => state.experiment?.model.blackBox ?? null);
  const fresh = useLeave(blackBox);
  const further = useLeave(started);
  const { maxSteps = null, epochs = 0 } = blackBox?.distil ?? {};
  return (
    <>
      <TrainingBar
        training={distillation}
        label="The distillation"
        title={surrogateTitle}
        idle={
          maxSteps === null
            ? `${formatCount(epochs)} epochs, as the settings have it`
            : `at most ${formatCount(maxSteps)} steps, as the settings have it`
        }
        blocker={useDistilBlocker()}
        words={{
          first: 'Distil',
          again: 'Distil new',
          what: 'A new surrogate with the settings as they are',
        }}
        controls={{
          start: () => fresh.ask({ purpose: 'distil', then: (leave) => void commands.distil(leave) }),
          pause: () => void commands.pauseDistil(),
          goOn: () => void commands.goOnDistil(),
          step: () => void commands.stepDistil(),
          stop: () => void commands.stopDistil(),
          resume: () =>
            further.ask({ purpose: 'distil', then: (leave) => void commands.resumeDistil(leave) }),
        }}
        id="surrogate"
      />
      {fresh.dialog}
      {further.dialog}
    </>
  );
}
