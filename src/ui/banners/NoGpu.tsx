import { useDeviceStore } from '../../state/deviceStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import styles from './NoGpu.module.css';

/** The whole page where there is no WebGPU: what that means and what to do. */
export function NoGpu() {
  const { restartDevice } = useCommands();
  const status = useDeviceStore((state) => state.status);
  const message = useDeviceStore((state) => state.error?.message ?? '');
  return (
    <section className={styles.page} data-testid="no-gpu">
      <h1>
        {status === 'unsupported'
          ? 'This browser has no WebGPU'
          : 'No graphics adapter was given to this page'}
      </h1>
      <p>
        The studio trains a small network on your own graphics card, inside this page, and for that it needs
        WebGPU. {message}
      </p>
      <h2>What helps</h2>
      <ul>
        <li>Use a current Chrome or Edge (version 113 or later) on a computer.</li>
        <li>
          Switch on hardware acceleration: <i>Settings, System, Use graphics acceleration when available</i>,
          then start the browser again.
        </li>
        <li>
          On Linux, <code>chrome://flags/#enable-unsafe-webgpu</code> and <code>#enable-vulkan</code> may have
          to be on; <code>chrome://gpu</code> says what is blocked.
        </li>
        <li>Remote desktops and virtual machines often hide the graphics card.</li>
      </ul>
      <Button tone="primary" onClick={() => void restartDevice()}>
        Try again
      </Button>
    </section>
  );
}
