import { useState } from 'react';
import { useDeviceStore } from '../../state/deviceStore';
import { useRunStore } from '../../state/runStore';
import { useSessionStore } from '../../state/sessionStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { cx } from '../common/cx';
import { formatAgo, formatCount } from '../common/format';
import { Icon } from '../common/Icon';
import styles from './Banners.module.css';

/** What concerns the whole page: the device's state, and the session before this one. */
export function Banners() {
  return (
    <>
      <DeviceBanner />
      <SoftwareBanner />
      <RestoreOffer />
    </>
  );
}

function DeviceBanner() {
  const { restartDevice } = useCommands();
  const status = useDeviceStore((state) => state.status);
  const message = useDeviceStore((state) => state.error?.message ?? '');
  if (status !== 'lost' && status !== 'failed') return null;
  return (
    <div className={cx(styles.banner, styles.bad)} role="alert" data-testid="device-banner">
      <Icon name="warning" />
      <p>
        <b>The engine has stopped.</b> {message} The last checkpoint is kept; restarting reads the files back.
      </p>
      <Button tone="primary" onClick={() => void restartDevice()} data-testid="restart-device">
        Restart
      </Button>
    </div>
  );
}

function SoftwareBanner() {
  const [dismissed, setDismissed] = useState(false);
  const software = useDeviceStore((state) => state.status === 'ready' && state.adapter?.software === true);
  const started = useRunStore((state) => state.phase !== 'idle');
  if (!software || dismissed || started) return null;
  return (
    <div className={cx(styles.banner, styles.calm)} role="status">
      <Icon name="warning" />
      <p>
        <b>This browser computes WebGPU on the processor.</b> Everything works and the numbers are right, but
        training is many times slower than on a graphics card. Fewer steps or fewer channels help.
      </p>
      <Button small onClick={() => setDismissed(true)}>
        Understood
      </Button>
    </div>
  );
}

function RestoreOffer() {
  const { restoreSession, forgetSession } = useCommands();
  const offer = useSessionStore((state) => state.offer);
  const restoring = useSessionStore((state) => state.restoring);
  const [now] = useState(() => Date.now());
  if (offer === null) return null;
  const files = [offer.model, offer.dataset].filter((name) => name !== null).join(' with ');
  const run =
    offer.run === null || offer.run.step === 0
      ? ''
      : ` "${offer.run.name}" stood at step ${formatCount(offer.run.step)} of ${formatCount(offer.run.totalSteps)}${
          offer.run.checkpoint === null ? '' : `, with a checkpoint at ${formatCount(offer.run.checkpoint)}`
        }.`;
  return (
    <section
      className={cx(styles.banner, styles.offer)}
      aria-label="The session before this one"
      data-testid="restore-offer"
    >
      <Icon name="save" />
      <p>
        <b>Go on where you were?</b> {files}, {formatAgo(now - Date.parse(offer.at))}.{run}
      </p>
      <div className={styles.buttons}>
        <Button
          tone="primary"
          disabled={restoring}
          onClick={() => void restoreSession()}
          data-testid="restore"
        >
          {restoring ? 'Reading…' : 'Restore'}
        </Button>
        <Button disabled={restoring} onClick={() => void forgetSession()} data-testid="forget">
          Start fresh
        </Button>
      </div>
    </section>
  );
}
