import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { useVictimBlocker, useVictimResumeBlocker } from '../../state/labReadiness';
import { victimTraining } from '../../state/victimStore';
import { useCommands } from '../common/CommandsContext';
import { TrainingBar } from '../train/TrainingBar';
import { victimTitle } from './victimWords';

/** Where the victim's training is and what can be done with it. */
export function VictimBar() {
  const commands = useCommands();
  const attack = useDraftStore((state) => state.experiment.attack);
  const label = useDeviceStore(
    (state) => state.attacks.find(({ kind }) => kind === attack?.kind)?.label ?? attack?.kind,
  );
  return (
    <TrainingBar
      training={victimTraining}
      label="The classifier’s training"
      title={victimTitle}
      idle={attack ? `poisoned by ${label ?? ''}` : 'no attack chosen: it will be benign'}
      blocker={useVictimBlocker()}
      resumeBlocker={useVictimResumeBlocker()}
      words={{ first: 'Train', again: 'Train new', what: 'A new classifier with the recipe as it is' }}
      controls={{
        start: () => void commands.trainVictim(),
        pause: () => void commands.pauseVictim(),
        goOn: () => void commands.goOnVictim(),
        step: () => void commands.stepVictim(),
        stop: () => void commands.stopVictim(),
        resume: () => void commands.resumeVictim(),
      }}
      id="victim"
    />
  );
}
