import { useSessionStore } from '../state/sessionStore';
import { useDeviceStore } from '../state/deviceStore';
import { wouldLoseSteps } from './commands/session';
import { createStudio } from './createStudio';
import { mountStudio } from './mountStudio';
import { createWorkerClient } from './workerClient';

const studio = createStudio(createWorkerClient());
mountStudio(studio.commands);
window.addEventListener('beforeunload', (event) => {
  if (wouldLoseSteps()) event.preventDefault();
});
void studio.open().then(() => {
  const asked = new URLSearchParams(window.location.search).has('demo');
  if (asked && useDeviceStore.getState().status === 'ready') {
    useSessionStore.setState({ offer: null });
    return studio.commands.openDemo();
  }
});
