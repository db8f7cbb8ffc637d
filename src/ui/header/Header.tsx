import { useDeviceStore } from '../../state/deviceStore';
import { useRunStore } from '../../state/runStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { Button } from '../common/Button';
import { Icon } from '../common/Icon';
import { useOpeners } from '../drop/FileInputs';
import { DeviceChip } from './DeviceChip';
import styles from './Header.module.css';
import { ThemeToggle } from './ThemeToggle';

/** The bar at the top: what this is, on what it runs, and what can be done from everywhere. */
export function Header() {
  const { openFiles, openFolder } = useOpeners();
  const run = useRunStore((state) => (state.phase === 'idle' ? null : (state.experiment?.name ?? null)));
  const ready = useDeviceStore((state) => state.status === 'ready');
  const step = useViewStore((state) => state.step);
  return (
    <header className={styles.header}>
      <button
        type="button"
        className={styles.name}
        onClick={() => goTo('welcome')}
        aria-label="Refine Studio, start"
      >
        <Mark />
        Refine Studio
      </button>
      {run !== null && (
        <button
          type="button"
          className={styles.run}
          onClick={() => goTo('train')}
          title="The run on this page"
        >
          {run}
        </button>
      )}
      <div className={styles.right}>
        <DeviceChip />
        <Button onClick={openFiles} disabled={!ready} title="Models, images, settings or an exported defence">
          <Icon name="file" />
          Open files
        </Button>
        <Button
          onClick={openFolder}
          disabled={!ready}
          aria-label="Open a folder"
          title="Open a folder of images"
        >
          <Icon name="folder" />
        </Button>
        <ThemeToggle />
        <Button
          tone="primary"
          onClick={() => goTo('export')}
          aria-current={step === 'export' ? 'page' : undefined}
        >
          <Icon name="download" />
          Export
        </Button>
      </div>
    </header>
  );
}

/** The studio's sign: a patch taken out of an image. */
function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true" focusable="false">
      <path
        d="M5 1h12a4 4 0 0 1 4 4v8h-5a3 3 0 0 0-3 3v5H5a4 4 0 0 1-4-4V5a4 4 0 0 1 4-4z"
        fill="var(--clean)"
      />
      <rect x="15.5" y="15.5" width="5.5" height="5.5" rx="1.2" fill="var(--triggered)" />
    </svg>
  );
}
